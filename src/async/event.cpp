#include "davit/async/event.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>

namespace davit {

struct Event::Impl {
  explicit Impl(asio::any_io_executor executor) : timer(std::move(executor)) {
    timer.expires_at(asio::steady_timer::time_point::max());
  }
  asio::steady_timer timer;  // never fires; cancel() wakes all waiters
};

Event::Event(asio::any_io_executor executor) : impl_(std::make_unique<Impl>(std::move(executor))) {}

Event::~Event() = default;

void Event::notify() {
  impl_->timer.cancel();
}

Task<void> Event::wait() {
  boost::system::error_code error;
  co_await impl_->timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
  const auto cancellation = co_await asio::this_coro::cancellation_state;
  if (cancellation.cancelled() != asio::cancellation_type::none)
    throw boost::system::system_error(asio::error::operation_aborted);
}

}  // namespace davit
