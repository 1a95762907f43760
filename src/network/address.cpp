#include "davit/network/address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace davit::network {
namespace {

std::optional<int> parse_number(std::string_view text, int base = 10) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Clears (or sets) every bit from `prefix` on.
std::array<std::uint8_t, 16> fill_host_bits(std::array<std::uint8_t, 16> bytes, int prefix, std::size_t size,
                                            bool set) {
  for (std::size_t i = 0; i < size; ++i) {
    const int kept = std::clamp(prefix - static_cast<int>(i) * 8, 0, 8);
    const auto host = static_cast<std::uint8_t>(0xFFU >> static_cast<unsigned>(kept));
    bytes[i] = static_cast<std::uint8_t>(set ? (bytes[i] | host) : (bytes[i] & static_cast<std::uint8_t>(~host)));
  }
  return bytes;
}

std::uint32_t to_v4(const std::array<std::uint8_t, 16>& bytes) {
  return (std::uint32_t{bytes[0]} << 24U) | (std::uint32_t{bytes[1]} << 16U) | (std::uint32_t{bytes[2]} << 8U) |
         std::uint32_t{bytes[3]};
}

IpAddress with_bytes(Family family, const std::array<std::uint8_t, 16>& bytes) {
  return family == Family::V4 ? IpAddress::v4(to_v4(bytes)) : IpAddress::v6(bytes);
}

}  // namespace

IpAddress IpAddress::v4(std::uint32_t host_order) {
  IpAddress address;
  for (unsigned i = 0; i < 4; ++i) address.bytes_[i] = static_cast<std::uint8_t>(host_order >> (24U - 8U * i));
  return address;
}

IpAddress IpAddress::v6(const std::array<std::uint8_t, 16>& bytes) {
  IpAddress address;
  address.family_ = Family::V6;
  address.bytes_ = bytes;
  return address;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string copy(text);
  std::array<std::uint8_t, 16> bytes{};
  if (inet_pton(AF_INET, copy.c_str(), bytes.data()) == 1) return v4(to_v4(bytes));
  if (inet_pton(AF_INET6, copy.c_str(), bytes.data()) == 1) return v6(bytes);
  return std::nullopt;
}

std::uint32_t IpAddress::v4_value() const {
  return to_v4(bytes_);
}

bool IpAddress::is_any() const {
  return std::all_of(bytes_.begin(), bytes_.end(), [](std::uint8_t b) { return b == 0; });
}

bool IpAddress::is_loopback() const {
  if (is_v4()) return bytes_[0] == 127;
  return bytes_[15] == 1 && std::all_of(bytes_.begin(), bytes_.end() - 1, [](std::uint8_t b) { return b == 0; });
}

std::string IpAddress::to_string() const {
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(is_v4() ? AF_INET : AF_INET6, bytes_.data(), text, sizeof text);
  return text;
}

IpAddress IpAddress::plus(std::uint64_t by) const {
  auto bytes = bytes_;
  for (std::size_t i = size(); i-- > 0 && by != 0;) {
    by += bytes[i];
    bytes[i] = static_cast<std::uint8_t>(by & 0xFFU);
    by >>= 8U;
  }
  return with_bytes(family_, bytes);
}

Subnet::Subnet(IpAddress base, int prefix) : prefix_(std::clamp(prefix, 0, base.bits())) {
  base_ = with_bytes(base.family(), fill_host_bits(base.bytes(), prefix_, base.size(), false));
}

std::optional<Subnet> Subnet::parse(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto base = IpAddress::parse(text.substr(0, slash));
  const auto prefix = parse_number(text.substr(slash + 1));
  if (!base || !prefix || *prefix < 0 || *prefix > base->bits()) return std::nullopt;
  return Subnet(*base, *prefix);
}

bool Subnet::contains(const IpAddress& address) const {
  return address.family() == family() && Subnet(address, prefix_).base_ == base_;
}

bool Subnet::contains(const Subnet& other) const {
  return other.prefix_ >= prefix_ && contains(other.base_);
}

bool Subnet::overlaps(const Subnet& other) const {
  return contains(other) || other.contains(*this);
}

IpAddress Subnet::last() const {
  return with_bytes(family(), fill_host_bits(base_.bytes(), prefix_, base_.size(), true));
}

std::string Subnet::to_string() const {
  return base_.to_string() + "/" + std::to_string(prefix_);
}

std::string InterfaceAddress::to_string() const {
  return address.to_string() + "/" + std::to_string(prefix);
}

std::optional<MacAddress> MacAddress::parse(std::string_view text) {
  if (text.size() != 17) return std::nullopt;
  MacAddress mac;
  for (std::size_t i = 0; i < 6; ++i) {
    const auto pair = text.substr(i * 3, 2);
    const auto value = parse_number(pair, 16);
    if (!value || pair[0] == '-' || *value < 0) return std::nullopt;
    if (i < 5 && text[i * 3 + 2] != ':' && text[i * 3 + 2] != '-') return std::nullopt;
    mac.bytes[i] = static_cast<std::uint8_t>(*value);
  }
  return mac;
}

MacAddress MacAddress::from_address(const IpAddress& address) {
  MacAddress mac;
  mac.bytes = {0x02, 0x42, 0, 0, 0, 0};
  const std::size_t from = address.size() - 4;
  std::copy_n(address.bytes().begin() + static_cast<std::ptrdiff_t>(from), 4, mac.bytes.begin() + 2);
  return mac;
}

std::string MacAddress::to_string() const {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  for (const auto byte : bytes) {
    if (!text.empty()) text += ':';
    text += kHex[byte >> 4U];
    text += kHex[byte & 15U];
  }
  return text;
}

}  // namespace davit::network
