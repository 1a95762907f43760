#pragma once
// Dates in YAML: plain scalars such as 2001-12-14 or 2001-12-14t21:59:43.10-05:00.

#include <optional>
#include <string>
#include <string_view>

namespace davit::yaml {

/// A plain scalar that is a date, as RFC 3339 text ("2001-12-14T21:59:43.1-05:00"; UTC and midnight where nothing is
/// said); nullopt for everything else, days that no month has included.
[[nodiscard]] std::optional<std::string> parse_timestamp(std::string_view text);

/// An RFC 3339 text as Go prints a time: "2001-12-14 21:59:43.1 -0500 -0500", the zone as "+0000 UTC" where it is none.
/// This is what docker compose makes of a date that must be a string.
[[nodiscard]] std::string timestamp_as_string(std::string_view rfc3339);

}  // namespace davit::yaml
