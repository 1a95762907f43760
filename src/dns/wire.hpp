#pragma once
// Bytes of DNS messages: bounded reading of numbers and names.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace davit::dns {

inline constexpr std::size_t kHeaderSize = 12;

enum HeaderFlag : std::uint16_t {
  kFlagAnswer = 0x8000,
  kFlagAuthoritative = 0x0400,
  kFlagTruncated = 0x0200,
  kFlagRecursionDesired = 0x0100,
  kFlagRecursionAvailable = 0x0080,
};

/// Needs offset + 2 <= size.
[[nodiscard]] inline std::uint16_t read16(std::span<const std::uint8_t> packet, std::size_t offset) {
  return static_cast<std::uint16_t>((packet[offset] << 8U) | packet[offset + 1]);
}

inline void write16(std::span<std::uint8_t> packet, std::size_t offset, std::size_t value) {
  packet[offset] = static_cast<std::uint8_t>(value >> 8U);
  packet[offset + 1] = static_cast<std::uint8_t>(value);
}

[[nodiscard]] inline std::uint8_t lower(std::uint8_t c) {
  return c >= 'A' && c <= 'Z' ? static_cast<std::uint8_t>(c + 32) : c;
}

/// The offset behind a name, without following it; nullopt when it is malformed.
[[nodiscard]] std::optional<std::size_t> skip_name(std::span<const std::uint8_t> packet, std::size_t offset);

/// The name at an offset, following compression pointers backwards; nullopt when it is malformed.
[[nodiscard]] std::optional<std::string> read_name(std::span<const std::uint8_t> packet, std::size_t offset);

/// Appends a name as labels; false (and nothing appended) when a label is empty or too long, or the whole is.
[[nodiscard]] bool append_wire_name(std::string_view name, std::string& out);

/// A resource record's place in a message.
struct Record {
  std::uint16_t type = 0;
  std::uint16_t rclass = 0;
  std::uint32_t ttl = 0;
  std::size_t data = 0;  ///< offset
  std::size_t data_size = 0;
  [[nodiscard]] std::size_t end() const { return data + data_size; }
};
[[nodiscard]] std::optional<Record> read_record(std::span<const std::uint8_t> packet, std::size_t offset);

/// The offset behind the one question of a message; nullopt when it has another number of them or is malformed.
[[nodiscard]] std::optional<std::size_t> question_end(std::span<const std::uint8_t> packet);

}  // namespace davit::dns
