#pragma once
// Structured concurrency: work that has an owner.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "davit/async/task.hpp"
#include "davit/base/error.hpp"

namespace davit {

/// Runs tasks side by side and joins them. The first task that throws cancels its siblings; join() rethrows that first
/// error, with the messages of the others as notes. The owner must co_await join() before the group is destroyed.
/// Not thread-safe: everything runs on the executor given.
class TaskGroup {
 public:
  explicit TaskGroup(asio::any_io_executor executor);
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  /// Starts a task. After cancel() it is started cancelled, so that its clean-up runs all the same.
  void spawn(Task<void> task);

  /// Asks every running task to stop (terminal cancellation). Returns at once.
  void cancel();

  /// Waits until every task has ended, also when the waiting coroutine itself is cancelled: then the tasks are
  /// cancelled too and still awaited.
  Task<void> join();

  [[nodiscard]] std::size_t running() const;

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with the completion handlers, which may outlive a destroyed io_context's run
};

}  // namespace davit
