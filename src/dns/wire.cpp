#include "dns/wire.hpp"

#include <algorithm>

#include "davit/dns/message.hpp"

namespace davit::dns {
namespace {

constexpr unsigned kPointer = 0xC0;

/// Where a pointer at `offset` leads; only backwards, so that no chain of them can turn in a circle.
std::optional<std::size_t> pointer_target(std::span<const std::uint8_t> packet, std::size_t offset) {
  if (offset + 1 >= packet.size()) return std::nullopt;
  const std::size_t target = read16(packet, offset) & 0x3FFFU;
  if (target >= offset || target < kHeaderSize) return std::nullopt;
  return target;
}

void append_label(std::span<const std::uint8_t> label, std::string& name) {
  if (!name.empty()) name += '.';
  for (const auto byte : label) name += byte == '.' ? '\0' : static_cast<char>(lower(byte));
}

}  // namespace

std::optional<std::size_t> skip_name(std::span<const std::uint8_t> packet, std::size_t offset) {
  std::size_t length = 1;
  while (offset < packet.size()) {
    const std::size_t size = packet[offset];
    if (size == 0) return offset + 1;
    if ((size & kPointer) == kPointer) {
      return pointer_target(packet, offset) ? std::optional(offset + 2) : std::nullopt;
    }
    length += size + 1;
    if (size > kMaxLabel || length > kMaxName) return std::nullopt;
    offset += size + 1;
  }
  return std::nullopt;
}

std::optional<std::string> read_name(std::span<const std::uint8_t> packet, std::size_t offset) {
  std::string name;
  std::size_t length = 1;
  while (offset < packet.size()) {
    const std::size_t size = packet[offset];
    if (size == 0) return name;
    if ((size & kPointer) == kPointer) {
      const auto target = pointer_target(packet, offset);
      if (!target) return std::nullopt;
      offset = *target;
      continue;
    }
    length += size + 1;
    if (size > kMaxLabel || length > kMaxName || offset + 1 + size > packet.size()) return std::nullopt;
    append_label(packet.subspan(offset + 1, size), name);
    offset += size + 1;
  }
  return std::nullopt;
}

bool append_wire_name(std::string_view name, std::string& out) {
  if (!name.empty() && name.back() == '.') name.remove_suffix(1);
  std::string wire;
  while (!name.empty()) {
    const auto dot = std::min(name.find('.'), name.size());
    if (dot == 0 || dot > kMaxLabel || dot + 1 == name.size()) return false;
    wire += static_cast<char>(dot);
    wire += name.substr(0, dot);
    name.remove_prefix(std::min(dot + 1, name.size()));
  }
  if (wire.size() + 1 > kMaxName) return false;
  out += wire;
  out += '\0';
  return true;
}

std::optional<Record> read_record(std::span<const std::uint8_t> packet, std::size_t offset) {
  const auto fields = skip_name(packet, offset);
  if (!fields || *fields + 10 > packet.size()) return std::nullopt;
  Record record;
  record.type = read16(packet, *fields);
  record.rclass = read16(packet, *fields + 2);
  record.ttl = (std::uint32_t{read16(packet, *fields + 4)} << 16U) | read16(packet, *fields + 6);
  record.data_size = read16(packet, *fields + 8);
  record.data = *fields + 10;
  if (record.end() > packet.size()) return std::nullopt;
  return record;
}

std::optional<std::size_t> question_end(std::span<const std::uint8_t> packet) {
  if (packet.size() < kHeaderSize || read16(packet, 4) != 1) return std::nullopt;
  const auto name_end = skip_name(packet, kHeaderSize);
  if (!name_end || *name_end + 4 > packet.size()) return std::nullopt;
  return *name_end + 4;
}

}  // namespace davit::dns
