#pragma once
// Times as image documents write them: RFC 3339.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace davit::image {

/// "2026-11-23T08:00:00.123456789Z", also with an offset, to ns since 1970; nullopt for anything else.
[[nodiscard]] std::optional<std::int64_t> parse_rfc3339(std::string_view text);
/// In UTC, with nine digits of a second unless they are zero.
[[nodiscard]] std::string format_rfc3339(std::int64_t ns);

}  // namespace davit::image
