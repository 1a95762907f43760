#pragma once
// Values that several tables share.

#include <cstdint>
#include <map>
#include <string>

namespace davit::state {

/// Labels and driver options; kept as a JSON object.
using StringMap = std::map<std::string, std::string>;

/// Nanoseconds since 1970, UTC; 0 means "never".
using WallTime = std::int64_t;

/// Now, as a WallTime.
[[nodiscard]] WallTime wall_time_now();

/// Nanoseconds of CLOCK_MONOTONIC.
[[nodiscard]] std::int64_t monotonic_time_now();

}  // namespace davit::state
