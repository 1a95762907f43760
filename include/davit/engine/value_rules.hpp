#pragma once
// Rules for values that an engine takes as text. Who plans asks before anything is made.

#include <string_view>

namespace davit::engine {

/// Docker's rule for the names of containers (moby daemon/names, "RestrictedNamePattern"): a letter or digit, then at
/// least one letter, digit, '_', '.' or '-'.
[[nodiscard]] bool is_container_name(std::string_view name);

/// An IPv4 or IPv6 address as inet_pton(3) reads it: no zone, no brackets, no leading zeros.
[[nodiscard]] bool is_ipv4_address(std::string_view text);
[[nodiscard]] bool is_ipv6_address(std::string_view text);
[[nodiscard]] bool is_ip_address(std::string_view text);

/// What an interface can have: six pairs of hex digits with ':' or '-' between them, not a group's address, not zero.
[[nodiscard]] bool is_mac_address(std::string_view text);

/// The kernel's rule (net/core/dev.c, dev_valid_name): up to 15 bytes without '/', ':' and white space, not "." or
/// "..".
[[nodiscard]] bool is_interface_name(std::string_view name);

/// sethostname(2), and the NIS domain's name, in bytes.
inline constexpr std::size_t kLongestHostname = 64;

}  // namespace davit::engine
