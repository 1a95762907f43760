#pragma once
// Blocking work that may never end, such as the wait for a lock.

#include <functional>

#include "davit/async/task.hpp"

namespace davit {

/// Runs `work` on a thread of its own and resumes on the caller's executor. What `work` throws is thrown here. After a
/// cancellation, which takes effect at once, the thread goes on by itself: `work` owns whatever it touches.
Task<void> run_abandonable(std::function<void()> work);

}  // namespace davit
