#pragma once
// The one exception that is no failure.

#include <exception>

namespace davit {

/// Whether this is what a cancelled operation throws: boost::system::system_error(operation_aborted).
[[nodiscard]] bool is_cancellation(const std::exception_ptr& error);

}  // namespace davit
