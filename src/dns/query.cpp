#include <algorithm>

#include "davit/base/error.hpp"
#include "davit/dns/message.hpp"
#include "dns/wire.hpp"

namespace davit::dns {
namespace {

/// The question's name into the query; the offset behind it.
std::optional<std::size_t> take_name(std::span<const std::uint8_t> packet, Query& query) {
  std::size_t offset = kHeaderSize;
  query.name_size_ = 0;
  while (offset < packet.size()) {
    const std::size_t size = packet[offset++];
    if (size == 0) return offset;
    const std::size_t wire_size = offset + size - kHeaderSize + 1;  // with the root's byte
    if (size > kMaxLabel || offset + size > packet.size() || wire_size > kMaxName) return std::nullopt;
    if (query.name_size_ > 0) query.name_[query.name_size_++] = '.';
    for (const std::size_t end = offset + size; offset < end; ++offset) {
      const std::uint8_t byte = packet[offset];
      query.name_[query.name_size_++] = byte == '.' ? '\0' : static_cast<char>(lower(byte));
    }
  }
  return std::nullopt;
}

bool take_opt(std::span<const std::uint8_t> packet, std::size_t offset, const Record& record, Query& query) {
  constexpr std::uint32_t kVersion = 0x00FF0000;
  constexpr std::uint32_t kDnssecOk = 0x00008000;
  if (query.edns || packet[offset] != 0 || (record.ttl & kVersion) != 0) return false;
  query.edns = true;
  query.udp_size = std::max<std::uint16_t>(record.rclass, kPlainUdpSize);
  query.dnssec_ok = (record.ttl & kDnssecOk) != 0;
  return true;
}

/// Everything behind the question; true when it ends where the packet ends.
bool take_records(std::span<const std::uint8_t> packet, Query& query) {
  const std::size_t before = std::size_t{read16(packet, 6)} + read16(packet, 8);
  const std::size_t all = before + read16(packet, 10);
  std::size_t offset = query.question_end;
  for (std::size_t i = 0; i < all; ++i) {
    const auto record = read_record(packet, offset);
    if (!record) return false;
    const bool opt = record->type == static_cast<std::uint16_t>(Type::Opt);
    if (opt && (i < before || !take_opt(packet, offset, *record, query))) return false;
    offset = record->end();
  }
  return offset == packet.size();
}

}  // namespace

std::optional<ParseProblem> parse_query(std::span<const std::uint8_t> packet, Query& query) {
  if (packet.size() < kHeaderSize) return ParseProblem::Ignore;
  const std::uint16_t flags = read16(packet, 2);
  if ((flags & kFlagAnswer) != 0) return ParseProblem::Ignore;
  query.id = read16(packet, 0);
  query.recursion_desired = (flags & kFlagRecursionDesired) != 0;
  query.udp_size = kPlainUdpSize;
  query.edns = false;
  query.dnssec_ok = false;
  if (((flags >> 11U) & 15U) != 0) return ParseProblem::NotImplemented;
  if (read16(packet, 4) != 1) return ParseProblem::Malformed;
  const auto name_end = take_name(packet, query);
  if (!name_end || *name_end + 4 > packet.size()) return ParseProblem::Malformed;
  query.type = read16(packet, *name_end);
  query.qclass = read16(packet, *name_end + 2);
  query.question_end = *name_end + 4;
  if (!take_records(packet, query)) return ParseProblem::Malformed;
  return std::nullopt;
}

std::string make_query(std::uint16_t id, std::string_view name, Type type, std::optional<std::uint16_t> edns_size) {
  std::string packet;
  const auto put = [&packet](std::size_t value) {
    packet += static_cast<char>(value >> 8U);
    packet += static_cast<char>(value & 255U);
  };
  for (const std::size_t field : {std::size_t{id}, std::size_t{kFlagRecursionDesired}, std::size_t{1}, std::size_t{0},
                                  std::size_t{0}, std::size_t{edns_size ? 1U : 0U}}) {
    put(field);
  }
  if (!append_wire_name(name, packet)) throw Error("'" + std::string(name) + "' is no domain name");
  put(static_cast<std::size_t>(type));
  put(1);
  if (edns_size) {
    packet += '\0';
    for (const std::size_t field : {static_cast<std::size_t>(Type::Opt), std::size_t{*edns_size}, std::size_t{0},
                                    std::size_t{0}, std::size_t{0}}) {
      put(field);
    }
  }
  return packet;
}

}  // namespace davit::dns
