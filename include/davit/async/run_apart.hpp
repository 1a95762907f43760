#pragma once
// Work whose hold on its cancellation ends with it.

#include <boost/asio/co_spawn.hpp>
#include <utility>

#include "davit/async/task.hpp"

namespace davit {

/// Runs the work in a coroutine of its own. What it does to its cancellation state (turning it off for its end, say)
/// holds there: in the caller's own coroutine it would from then on hold for the caller. A cancellation of the caller
/// reaches the work, and what the work throws is thrown here.
template <class T>
Task<T> run_apart(Task<T> work) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  T result = co_await asio::co_spawn(executor, std::move(work), asio::use_awaitable);
  co_return result;
}

}  // namespace davit
