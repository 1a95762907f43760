#pragma once
// What is worth another try, and what is not.

#include <boost/system/system_error.hpp>
#include <new>
#include <system_error>

#include "davit/base/error.hpp"
#include "davit/base/shortage.hpp"

namespace davit::embedded {

/// Whether it was thrown because descriptors, memory or room on a disk are short: that passes, and says nothing against
/// what was tried.
[[nodiscard]] inline bool is_from_shortage(const std::exception& error) {
  const auto passes = [](int number) { return is_shortage(number) || number == ENOSPC || number == EDQUOT; };
  if (const auto* own = dynamic_cast<const Error*>(&error)) return passes(own->error_number());
  if (const auto* system = dynamic_cast<const boost::system::system_error*>(&error))
    return system->code().category() == boost::system::system_category() && passes(system->code().value());
  if (const auto* system = dynamic_cast<const std::system_error*>(&error)) return passes(system->code().value());
  return dynamic_cast<const std::bad_alloc*>(&error) != nullptr;
}

}  // namespace davit::embedded
