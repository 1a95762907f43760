#pragma once
// Work for another thread: hashing, tar, tree walks. The work touches only what it was given.

#include <functional>
#include <memory>
#include <optional>
#include <type_traits>

#include "davit/async/task.hpp"

namespace davit {

/// A few threads for blocking work, begun with the first work. Destroying it waits for the work under way. Not
/// thread-safe itself: used from the thread of its owner's executor.
class WorkerPool {
 public:
  explicit WorkerPool(unsigned threads);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// Runs `work` on a thread and resumes on the caller's executor. What `work` throws is thrown here. Cancellation is
  /// not passed on: the work ends first.
  Task<void> run(std::function<void()> work);

  /// Lets go of it on a thread, soon: for what takes long to close.
  void drop(std::shared_ptr<void> thing);

  template <class F, class T = std::invoke_result_t<F>>
    requires(!std::is_void_v<T>)
  Task<T> call(F work) {
    std::optional<T> result;
    std::function<void()> store = [&result, &work] { result.emplace(work()); };
    co_await run(std::move(store));
    co_return std::move(*result);
  }

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace davit
