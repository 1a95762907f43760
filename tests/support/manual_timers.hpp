#pragma once
// A clock that only the test moves.

#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>

#include "davit/async/timers.hpp"

namespace davit::test {

/// advance() moves time and runs the loop until nothing is ready any more ("settle"), so that a test can also assert
/// that something has *not* happened.
class ManualTimers final : public Timers {
 public:
  explicit ManualTimers(asio::io_context& context) : context_(context) {}

  Clock::time_point now() const override { return now_; }

  Task<void> sleep_until(Clock::time_point when) override {
    if (when <= now_) co_return;
    asio::steady_timer timer(context_, asio::steady_timer::time_point::max());
    const auto entry = waiting_.emplace(when, &timer);
    boost::system::error_code error;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
    if (now_ < when) {  // cancelled, not advanced
      waiting_.erase(entry);
      throw boost::system::system_error(asio::error::operation_aborted);
    }
  }

  void advance(Clock::duration by) {
    const auto target = now_ + by;
    settle();
    while (!waiting_.empty() && waiting_.begin()->first <= target) {
      now_ = waiting_.begin()->first;
      const auto timer = waiting_.begin()->second;
      waiting_.erase(waiting_.begin());
      timer->cancel();
      settle();
    }
    now_ = target;
  }

  void settle() {
    context_.restart();
    while (context_.poll() > 0) context_.restart();
  }

  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

 private:
  asio::io_context& context_;
  Clock::time_point now_{std::chrono::hours(1)};
  std::multimap<Clock::time_point, asio::steady_timer*> waiting_;
};

}  // namespace davit::test
