#pragma once
// The units of Compose files: byte sizes and durations (Compose specification, "Specifying byte values", "durations").

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "davit/base/result.hpp"

namespace davit {

/// A number as Go reads it (strconv.ParseFloat), for attributes that docker compose reads so: decimal or hexadecimal
/// with an exponent, '_' between digits, "inf" and "nan". Nullopt for all else and for what is too large for a double.
[[nodiscard]] std::optional<double> parse_number(std::string_view text);

/// Parses "64m", "1.5gb", "1024", "-1": suffix b, k, kb, kib, m, mb, mib, g, gb, gib, t, tb, tib, p, pb, pib in any
/// case, factor 1024, at most one blank before it. The error says what was found and gives an example.
[[nodiscard]] Result<std::int64_t, std::string> parse_bytes(std::string_view text);

/// "1.5GiB" style, for people.
[[nodiscard]] std::string format_bytes(std::int64_t bytes);

/// Parses a Go duration with the Compose additions `d` and `w`: "1m30s", "1.5h", "-2s", "0". A bare number other than 0
/// is an error, as in docker compose.
[[nodiscard]] Result<std::chrono::nanoseconds, std::string> parse_duration(std::string_view text);

/// As Go prints a time.Duration: "1m30s", "500ms", "0s".
[[nodiscard]] std::string format_duration(std::chrono::nanoseconds duration);

}  // namespace davit
