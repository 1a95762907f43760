#pragma once
// Structured concurrency: work that has an owner.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "davit/async/task.hpp"
#include "davit/base/error.hpp"

namespace davit {

Task<void> run_beside(Task<void> work, std::vector<Task<void>> others);

/// Runs tasks side by side and joins them. The first task that throws cancels its siblings; join() rethrows that first
/// error, with the messages of the others as notes. The owner must co_await join() before the group is destroyed, and
/// must come there: an owner that has something to wait for beside its tasks uses run_beside().
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
  /// cancelled too and still awaited, and what is thrown is the first error that is not a cancellation, if there is
  /// one. One that was cancelled before turns cancellation off first (asio::this_coro::reset_cancellation_state):
  /// without that no co_await even begins.
  Task<void> join();

  [[nodiscard]] std::size_t running() const;

 private:
  friend Task<void> run_beside(Task<void> work, std::vector<Task<void>> others);
  struct State;
  std::shared_ptr<State> state_;  // shared with the completion handlers, which may outlive a destroyed io_context's run
};

/// Runs `work`, and the others as long as it runs: when it ends, however it ends, they are cancelled and awaited. One
/// of them that ends well is not missed; one that throws cancels `work` and is what is thrown. Cancelled, all of them
/// are.
Task<void> run_beside(Task<void> work, std::vector<Task<void>> others);

}  // namespace davit
