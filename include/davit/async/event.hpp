#pragma once
// A condition that coroutines wait for.

#include <memory>

#include "davit/async/task.hpp"

namespace davit {

/// notify() wakes every coroutine that waits at that moment; it is not remembered. Use as
/// `while (!condition) co_await event.wait();` on one executor: between the check and the wait nothing else runs.
class Event {
 public:
  explicit Event(asio::any_io_executor executor);
  ~Event();
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  void notify();
  /// Ends at the next notify(); throws operation_aborted when the waiter is cancelled. The event outlives its waiters:
  /// who destroys it has cancelled and joined them.
  Task<void> wait();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace davit
