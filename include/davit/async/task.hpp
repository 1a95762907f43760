#pragma once
// Coroutines that wait. Anything that decides is a plain function; anything that waits is a Task.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace davit {

namespace asio = boost::asio;

/// A lazily started coroutine. Cancelling its owner throws boost::system::system_error(operation_aborted) at its next
/// co_await. Parameters are taken by value, or by reference to what the owner keeps alive.
template <class T = void>
using Task = asio::awaitable<T>;

}  // namespace davit
