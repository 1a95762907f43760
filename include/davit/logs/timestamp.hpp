#pragma once
// The time stamps of log records, and the moments a user may name with --since and --until.

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "davit/base/result.hpp"

namespace davit::logs {

/// Nanoseconds since 1970-01-01 UTC, the unit of every time in this room.
using WallTime = std::chrono::sys_time<std::chrono::nanoseconds>;

/// Length of "2026-11-23T03:30:00.123456789Z". Fixed, so that time stamps compare as text.
inline constexpr std::size_t kTimestampSize = 30;
using TimestampText = std::array<char, kTimestampSize>;

/// RFC 3339 in UTC with nine digits. Years outside 0..9999 are clamped.
[[nodiscard]] TimestampText format_timestamp(WallTime time);
[[nodiscard]] inline std::string_view view(const TimestampText& text) {
  return {text.data(), text.size()};
}

/// Reads any RFC 3339 time stamp with a zone ("Z" or "+02:00") and up to nine digits of fraction.
[[nodiscard]] std::optional<WallTime> parse_timestamp(std::string_view text);

/// What the words of a user mean at this moment and in this place.
struct TimeContext {
  WallTime now;
  /// Local time minus UTC at a local moment; null means UTC.
  std::chrono::seconds (*utc_offset)(std::chrono::local_seconds local) = nullptr;
};

/// Parses what `docker logs --since` takes: a Go duration back from now ("10m", "1h30m"), RFC 3339 with the time cut
/// off anywhere ("2026-11-23", "2026-11-23T03", "…T03:30", "…T03:30:00.5") and an optional zone (local without one), or
/// unix seconds with an optional fraction. The error says what was found and what is allowed.
[[nodiscard]] Result<WallTime, std::string> parse_log_time(std::string_view text, const TimeContext& context);

/// The offset of this machine's time zone (TZ, /etc/localtime), for TimeContext.
[[nodiscard]] std::chrono::seconds local_utc_offset(std::chrono::local_seconds local);

}  // namespace davit::logs
