#pragma once
// The valued form of with_timeout, in terms of the plain one.

#include <optional>
#include <utility>

namespace davit {

namespace detail {
template <class T>
Task<void> store_result(Task<T> operation, std::optional<T>& out) {
  out.emplace(co_await std::move(operation));
}
}  // namespace detail

template <class T>
Task<std::optional<T>> with_timeout(Timers& timers, Timers::Clock::duration limit, Task<T> operation) {
  std::optional<T> value;
  Task<void> storing = detail::store_result(std::move(operation), value);
  co_await with_timeout(timers, limit, std::move(storing));
  co_return value;
}

}  // namespace davit
