#pragma once
// Times on the command line.

#include <chrono>
#include <optional>
#include <string>

namespace davit::cli {

/// `-t SECONDS` as a grace period; nullopt when the flag was not given (negative).
[[nodiscard]] inline std::optional<std::chrono::nanoseconds> grace_period(int seconds) {
  if (seconds < 0) return std::nullopt;
  return std::chrono::seconds(seconds);
}

}  // namespace davit::cli
