#pragma once

#include "davit/async/event.hpp"
#include "davit/runtime/runtime.hpp"

namespace davit::test {

/// Signals as the test sends them.
class FakeInterrupts final : public runtime::Interrupts {
 public:
  explicit FakeInterrupts(asio::io_context& io) : sent_(io.get_executor()) {}
  Task<void> next() override {
    while (waiting_ == 0) co_await sent_.wait();
    --waiting_;
  }
  [[nodiscard]] bool is_pending() const override { return waiting_ > 0; }
  void send() {
    ++waiting_;
    sent_.notify();
  }

 private:
  Event sent_;
  int waiting_ = 0;
};

}  // namespace davit::test
