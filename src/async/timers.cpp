#include "davit/async/timers.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/steady_timer.hpp>

#include "davit/async/cancellation.hpp"

namespace davit {

Task<void> SteadyTimers::sleep_until(Clock::time_point when) {
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, when);
  co_await timer.async_wait(asio::use_awaitable);
}

// `operation || timer` of awaitable_operators waits for one *success*: a failing operation would run the timer to its
// end. wait_for_one waits for whatever ends first, and awaits the other after cancelling it.
Task<TimedOut> with_timeout(Timers& timers, Timers::Clock::duration limit, Task<void> operation) {
  const auto executor = co_await asio::this_coro::executor;
  Task<void> sleeping = timers.sleep_for(limit);
  auto group = asio::experimental::make_parallel_group(asio::co_spawn(executor, std::move(operation), asio::deferred),
                                                       asio::co_spawn(executor, std::move(sleeping), asio::deferred));
  const auto result = co_await group.async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
  const auto& order = std::get<0>(result);
  const std::exception_ptr& operation_error = std::get<1>(result);
  const std::exception_ptr& timer_error = std::get<2>(result);
  if (order[0] == 0) {
    if (operation_error) std::rethrow_exception(operation_error);
    co_return TimedOut::No;
  }
  if (timer_error) std::rethrow_exception(timer_error);
  // The operation may have ended in the moment of its cancellation, well or not; then that counts.
  if (!operation_error) co_return TimedOut::No;
  if (!is_cancellation(operation_error)) std::rethrow_exception(operation_error);
  co_return TimedOut::Yes;
}

}  // namespace davit
