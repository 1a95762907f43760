#pragma once
// SHA-256 for names: stable, and too wide for two networks to meet.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace davit::network {

[[nodiscard]] std::array<std::uint8_t, 32> sha256(std::string_view text);
/// The first `digits` hex digits of the SHA-256 of the text.
[[nodiscard]] std::string hex_digest(std::string_view text, std::size_t digits);

}  // namespace davit::network
