#include "log_times.hpp"

#include "davit/base/error.hpp"

namespace davit::cli {

std::optional<logs::WallTime> parse_time(const char* flag, const std::string& text) {
  if (text.empty()) return std::nullopt;
  const auto now = std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
  const auto time = logs::parse_log_time(text, {.now = now, .utc_offset = &logs::local_utc_offset});
  if (!time) throw Error(Diagnostic::error("usage", std::string(flag) + ": " + time.error()));
  return *time;
}

}  // namespace davit::cli
