#pragma once
// IP addresses, subnets and MAC addresses as plain values. Pure.

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace davit::network {

enum class Family : std::uint8_t { V4, V6 };

/// An IPv4 or IPv6 address. All IPv4 addresses sort before all IPv6 ones.
class IpAddress {
 public:
  /// 0.0.0.0
  IpAddress() = default;
  [[nodiscard]] static IpAddress v4(std::uint32_t host_order);
  [[nodiscard]] static IpAddress v6(const std::array<std::uint8_t, 16>& bytes);
  /// Accepts what inet_pton accepts; no zone, no brackets.
  [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);

  [[nodiscard]] Family family() const { return family_; }
  [[nodiscard]] bool is_v4() const { return family_ == Family::V4; }
  /// Needs is_v4().
  [[nodiscard]] std::uint32_t v4_value() const;
  /// Network order: 4 bytes for IPv4 (the first four), 16 for IPv6.
  [[nodiscard]] const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }
  [[nodiscard]] std::size_t size() const { return is_v4() ? 4 : 16; }
  [[nodiscard]] int bits() const { return is_v4() ? 32 : 128; }
  /// 0.0.0.0 or ::
  [[nodiscard]] bool is_any() const;
  /// 127.0.0.0/8 or ::1
  [[nodiscard]] bool is_loopback() const;
  [[nodiscard]] std::string to_string() const;
  /// The address `by` further on; wraps at the end of the address space.
  [[nodiscard]] IpAddress plus(std::uint64_t by) const;

  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  Family family_ = Family::V4;
  std::array<std::uint8_t, 16> bytes_{};
};

/// A network prefix; the host bits of `base` are zero.
class Subnet {
 public:
  Subnet() = default;
  /// Clears the host bits. `prefix` is clamped to the width of the family.
  Subnet(IpAddress base, int prefix);
  /// "10.0.0.0/8"; host bits may be set and are cleared.
  [[nodiscard]] static std::optional<Subnet> parse(std::string_view text);

  [[nodiscard]] const IpAddress& base() const { return base_; }
  [[nodiscard]] int prefix() const { return prefix_; }
  [[nodiscard]] Family family() const { return base_.family(); }
  [[nodiscard]] bool contains(const IpAddress& address) const;
  [[nodiscard]] bool contains(const Subnet& other) const;
  [[nodiscard]] bool overlaps(const Subnet& other) const;
  /// The last address (IPv4: the broadcast address).
  [[nodiscard]] IpAddress last() const;
  [[nodiscard]] std::string to_string() const;

  friend auto operator<=>(const Subnet&, const Subnet&) = default;

 private:
  IpAddress base_;
  int prefix_ = 32;
};

/// An address on an interface together with its prefix length: "10.0.0.1/24".
struct InterfaceAddress {
  IpAddress address;
  int prefix = 32;
  [[nodiscard]] Subnet subnet() const { return {address, prefix}; }
  [[nodiscard]] std::string to_string() const;
  friend auto operator<=>(const InterfaceAddress&, const InterfaceAddress&) = default;
};

/// A hardware address.
struct MacAddress {
  std::array<std::uint8_t, 6> bytes{};
  /// Six hex pairs with ':' or '-' between them.
  [[nodiscard]] static std::optional<MacAddress> parse(std::string_view text);
  /// The address of an interface as Docker derives it: 02:42 and the IPv4 address, so that an address that is reused
  /// finds no stale neighbour entry. IPv6: 02:42 and the last four bytes.
  [[nodiscard]] static MacAddress from_address(const IpAddress& address);
  [[nodiscard]] std::string to_string() const;
  friend auto operator<=>(const MacAddress&, const MacAddress&) = default;
};

}  // namespace davit::network
