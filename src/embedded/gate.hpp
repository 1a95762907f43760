#pragma once
// Turns for coroutines on one executor.

#include <utility>

#include "davit/async/event.hpp"
#include "davit/async/task.hpp"

namespace davit::embedded {

/// Lets at most so many in at once. With one place it is a mutex.
class Gate {
 public:
  Gate(asio::any_io_executor executor, unsigned places) : places_(places), freed_(std::move(executor)) {}

  /// A place, given back at its end.
  class Pass {
   public:
    explicit Pass(Gate* gate) : gate_(gate) {}
    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Pass& operator=(Pass&&) = delete;
    ~Pass() { give_back(); }
    void give_back() {
      if (gate_ == nullptr) return;
      ++gate_->places_;
      gate_->freed_.notify();
      gate_ = nullptr;
    }

   private:
    Gate* gate_;
  };

  /// Ends with a place. Whoever waits is woken by every place that is given back, and the first to run takes it.
  /// Cancelled while it waits, it throws operation_aborted and has taken none.
  Task<Pass> enter() {
    while (places_ == 0) co_await freed_.wait();
    --places_;
    co_return Pass(this);
  }

  [[nodiscard]] bool is_full() const { return places_ == 0; }

 private:
  unsigned places_;
  Event freed_;
};

/// Counts while it lives.
class Counted {
 public:
  explicit Counted(int& count) : count_(count) { ++count_; }
  ~Counted() { --count_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  int& count_;
};

}  // namespace davit::embedded
