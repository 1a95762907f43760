#pragma once
// --since and --until.

#include <optional>
#include <string>

#include "davit/logs/timestamp.hpp"

namespace davit::cli {

/// "2026-11-23T03:30:00Z", or "10m" for ten minutes ago; nullopt for an empty text. Throws Error naming the flag.
[[nodiscard]] std::optional<logs::WallTime> parse_time(const char* flag, const std::string& text);

}  // namespace davit::cli
