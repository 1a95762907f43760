#include <algorithm>
#include <charconv>
#include <cstring>

#include "davit/dns/message.hpp"
#include "dns/wire.hpp"

namespace davit::dns {
namespace {

constexpr std::size_t kOptSize = 11;
constexpr std::size_t kRecordHead = 12;  // pointer to the question's name, type, class, ttl, size
constexpr std::uint16_t kQuestionName = 0xC000 | kHeaderSize;
constexpr std::uint16_t kClassIn = 1;

bool take_address(std::span<const std::uint8_t> data, std::uint16_t type, Answer& answer) {
  if (type == static_cast<std::uint16_t>(Type::A) && data.size() == 4) {
    answer.addresses.push_back(network::IpAddress::v4(
        (std::uint32_t{data[0]} << 24U) | (std::uint32_t{data[1]} << 16U) | (std::uint32_t{data[2]} << 8U) | data[3]));
    return true;
  }
  if (type == static_cast<std::uint16_t>(Type::Aaaa) && data.size() == 16) {
    std::array<std::uint8_t, 16> bytes{};
    std::copy(data.begin(), data.end(), bytes.begin());
    answer.addresses.push_back(network::IpAddress::v6(bytes));
    return true;
  }
  return type != static_cast<std::uint16_t>(Type::A) && type != static_cast<std::uint16_t>(Type::Aaaa);
}

std::optional<int> hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return std::nullopt;
}

std::optional<network::IpAddress> parse_reverse_v4(std::string_view name) {
  std::uint32_t address = 0;
  for (unsigned i = 0; i < 4; ++i) {
    const auto dot = name.find('.');
    const std::string_view part = name.substr(0, dot);
    unsigned value = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    if (error != std::errc{} || end != part.data() + part.size() || value > 255) return std::nullopt;
    if ((dot == std::string_view::npos) != (i == 3)) return std::nullopt;
    address |= value << (8U * i);
    if (i < 3) name.remove_prefix(dot + 1);
  }
  return network::IpAddress::v4(address);
}

std::optional<network::IpAddress> parse_reverse_v6(std::string_view name) {
  if (name.size() != 63) return std::nullopt;
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < 32; ++i) {
    const auto digit = hex_digit(name[i * 2]);
    if (!digit || (i < 31 && name[i * 2 + 1] != '.')) return std::nullopt;
    const auto shift = static_cast<unsigned>(i % 2 == 0 ? 0 : 4);
    bytes[15 - i / 2] = static_cast<std::uint8_t>(bytes[15 - i / 2] | (static_cast<unsigned>(*digit) << shift));
  }
  return network::IpAddress::v6(bytes);
}

}  // namespace

AnswerWriter::AnswerWriter(std::span<const std::uint8_t> packet, const Query& query, std::span<std::uint8_t> buffer,
                           std::size_t limit)
    : buffer_(buffer),
      limit_(std::min(buffer.size(), limit)),
      size_(query.question_end),
      edns_(query.edns),
      recursion_desired_(query.recursion_desired) {
  std::copy_n(packet.begin(), size_, buffer_.begin());
  if (edns_) limit_ -= kOptSize;
}

bool AnswerWriter::begin_record(Type type, std::uint32_t ttl, std::size_t data_size) {
  if (truncated_ || size_ + kRecordHead + data_size > limit_) {
    truncated_ = true;
    return false;
  }
  for (const std::size_t field : {std::size_t{kQuestionName}, static_cast<std::size_t>(type), std::size_t{kClassIn},
                                  std::size_t{ttl >> 16U}, std::size_t{ttl & 0xFFFFU}, data_size}) {
    put16(field);
  }
  ++answers_;
  return true;
}

void AnswerWriter::put16(std::size_t value) {
  write16(buffer_, size_, value);
  size_ += 2;
}

void AnswerWriter::add_address(const network::IpAddress& address, std::uint32_t ttl) {
  if (!begin_record(address.is_v4() ? Type::A : Type::Aaaa, ttl, address.size())) return;
  std::copy_n(address.bytes().begin(), address.size(), buffer_.begin() + static_cast<std::ptrdiff_t>(size_));
  size_ += address.size();
}

void AnswerWriter::add_ptr(std::string_view name, std::uint32_t ttl) {
  std::string wire;
  if (!append_wire_name(name, wire) || !begin_record(Type::Ptr, ttl, wire.size())) return;
  std::copy(wire.begin(), wire.end(), buffer_.begin() + static_cast<std::ptrdiff_t>(size_));
  size_ += wire.size();
}

std::size_t AnswerWriter::finish(Rcode rcode) {
  unsigned flags = kFlagAnswer | kFlagRecursionAvailable | static_cast<unsigned>(rcode);
  if (recursion_desired_) flags |= kFlagRecursionDesired;
  if (rcode == Rcode::NoError || rcode == Rcode::NameError) flags |= kFlagAuthoritative;
  if (truncated_) flags |= kFlagTruncated;
  write16(buffer_, 2, flags);
  write16(buffer_, 6, answers_);
  write16(buffer_, 8, 0);
  write16(buffer_, 10, edns_ ? 1 : 0);
  if (edns_) {
    buffer_[size_++] = 0;
    for (const std::size_t field :
         {static_cast<std::size_t>(Type::Opt), kMaxUdpSize, std::size_t{0}, std::size_t{0}, std::size_t{0}}) {
      put16(field);
    }
  }
  return size_;
}

std::size_t write_error(std::span<const std::uint8_t> packet, std::span<std::uint8_t> buffer, Rcode rcode) {
  if (packet.size() < kHeaderSize) return 0;
  std::fill_n(buffer.begin(), kHeaderSize, std::uint8_t{0});
  std::copy_n(packet.begin(), 2, buffer.begin());
  const unsigned kept = read16(packet, 2) & (0x7800U | kFlagRecursionDesired);
  write16(buffer, 2, kFlagAnswer | kFlagRecursionAvailable | kept | static_cast<unsigned>(rcode));
  return kHeaderSize;
}

std::size_t truncate(std::span<std::uint8_t> message, std::size_t limit) {
  if (message.size() <= limit) return message.size();
  const auto end = question_end(message);
  if (!end) return message.size();
  write16(message, 2, read16(message, 2) | kFlagTruncated);
  for (const std::size_t count : {std::size_t{6}, std::size_t{8}, std::size_t{10}}) write16(message, count, 0);
  return *end;
}

std::optional<Answer> parse_answer(std::span<const std::uint8_t> packet) {
  const auto end = question_end(packet);
  if (!end || (read16(packet, 2) & kFlagAnswer) == 0) return std::nullopt;
  Answer answer;
  answer.id = read16(packet, 0);
  answer.rcode = static_cast<Rcode>(read16(packet, 2) & 15U);
  answer.truncated = (read16(packet, 2) & kFlagTruncated) != 0;
  answer.authoritative = (read16(packet, 2) & kFlagAuthoritative) != 0;
  std::size_t offset = *end;
  for (std::size_t i = 0; i < read16(packet, 6); ++i) {
    const auto record = read_record(packet, offset);
    if (!record || !take_address(packet.subspan(record->data, record->data_size), record->type, answer))
      return std::nullopt;
    if (record->type == static_cast<std::uint16_t>(Type::Ptr) ||
        record->type == static_cast<std::uint16_t>(Type::Cname)) {
      auto name = read_name(packet.first(record->end()), record->data);
      if (!name) return std::nullopt;
      answer.names.push_back(*std::move(name));
    }
    offset = record->end();
  }
  return answer;
}

bool answers(std::span<const std::uint8_t> answer, std::span<const std::uint8_t> query) {
  const auto end = question_end(query);
  if (!end || question_end(answer) != end) return false;
  if (read16(answer, 0) != read16(query, 0) || (read16(answer, 2) & kFlagAnswer) == 0) return false;
  const auto same = [](std::uint8_t a, std::uint8_t b) { return lower(a) == lower(b); };
  return std::equal(answer.begin() + kHeaderSize, answer.begin() + static_cast<std::ptrdiff_t>(*end),
                    query.begin() + kHeaderSize, same);
}

std::optional<network::IpAddress> parse_reverse_name(std::string_view name) {
  constexpr std::string_view kV4 = ".in-addr.arpa";
  constexpr std::string_view kV6 = ".ip6.arpa";
  if (name.ends_with(kV4)) return parse_reverse_v4(name.substr(0, name.size() - kV4.size()));
  if (name.ends_with(kV6)) return parse_reverse_v6(name.substr(0, name.size() - kV6.size()));
  return std::nullopt;
}

}  // namespace davit::dns
