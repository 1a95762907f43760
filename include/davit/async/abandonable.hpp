#pragma once
// Blocking work that may never end, such as the wait for a lock.

#include <functional>
#include <memory>
#include <optional>

#include "davit/async/task.hpp"

namespace davit {

/// Runs `work` on a thread of its own and resumes on the caller's executor. What `work` throws is thrown here. After a
/// cancellation, which takes effect at once, the thread goes on by itself: `work` owns whatever it touches.
Task<void> run_abandonable(std::function<void()> work);

/// The same for a result, which is destroyed on the thread when nobody waits for it any more.
template <class T>
Task<T> call_abandonable(std::function<T()> work) {
  const auto result = std::make_shared<std::optional<T>>();
  std::function<void()> store = [result, work = std::move(work)] { result->emplace(work()); };
  co_await run_abandonable(std::move(store));
  co_return std::move(**result);
}

}  // namespace davit
