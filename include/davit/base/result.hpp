#pragma once
// A value, or why there is none, for outcomes that are expected. (std::expected needs C++23.)

#include <utility>
#include <variant>

#include "davit/base/diagnostic.hpp"
#include "davit/base/error.hpp"

namespace davit {

template <class T, class E = Diagnostic>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(E error) : state_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  /// Needs has_value().
  [[nodiscard]] T& operator*() & { return std::get<0>(state_); }
  [[nodiscard]] const T& operator*() const& { return std::get<0>(state_); }
  [[nodiscard]] T&& operator*() && { return std::get<0>(std::move(state_)); }
  [[nodiscard]] T* operator->() { return &std::get<0>(state_); }
  [[nodiscard]] const T* operator->() const { return &std::get<0>(state_); }
  /// Needs !has_value().
  [[nodiscard]] const E& error() const { return std::get<1>(state_); }

  /// The value; throws Error with the diagnostic otherwise.
  [[nodiscard]] T value() && {
    if (!has_value()) throw Error(std::get<1>(std::move(state_)));
    return std::get<0>(std::move(state_));
  }

 private:
  std::variant<T, E> state_;
};

}  // namespace davit
