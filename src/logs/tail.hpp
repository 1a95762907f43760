#pragma once
// Finds where in a log reading begins.

#include <cstdint>
#include <string>
#include <string_view>

#include "appender.hpp"

namespace davit::logs {

struct ReadStart {
  LogPosition read_from;  ///< where a record begins
  LogPosition show_from;  ///< lines whose last record is before this are not wanted
};

/// Where the last `lines` lines of a log begin. A line's first piece is looked for up to 8 MiB before its last.
[[nodiscard]] ReadStart find_tail(const std::string& folder, std::uint64_t lines);

/// Where records of `time` (kTimestampSize bytes) or later begin, or a little before.
[[nodiscard]] ReadStart find_time(const std::string& folder, std::string_view time);

}  // namespace davit::logs
