#include "davit/engine/value_rules.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

namespace davit::engine {
namespace {

/// Of ASCII, whatever the locale.
bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool reads_as(int family, std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return false;
  std::array<unsigned char, 16> bytes{};
  return ::inet_pton(family, std::string(text).c_str(), bytes.data()) == 1;
}

}  // namespace

bool is_container_name(std::string_view name) {
  return name.size() >= 2 && is_alphanumeric(name.front()) && std::all_of(name.begin(), name.end(), [](char c) {
           return is_alphanumeric(c) || c == '_' || c == '.' || c == '-';
         });
}

bool is_ipv4_address(std::string_view text) {
  return reads_as(AF_INET, text);
}

bool is_ipv6_address(std::string_view text) {
  return reads_as(AF_INET6, text);
}

bool is_ip_address(std::string_view text) {
  return is_ipv4_address(text) || is_ipv6_address(text);
}

bool is_interface_name(std::string_view name) {
  constexpr std::size_t kLongest = 15;
  return !name.empty() && name.size() <= kLongest && name != "." && name != ".." &&
         std::none_of(name.begin(), name.end(),
                      [](char c) { return c == '/' || c == ':' || c == ' ' || (c >= '\t' && c <= '\r') || c == '\0'; });
}

bool is_mac_address(std::string_view text) {
  constexpr std::size_t kLength = 17;
  if (text.size() != kLength) return false;
  unsigned first = 0;
  bool any = false;
  for (std::size_t at = 0; at < kLength; at += 3) {
    unsigned byte = 0;
    const char* const begin = text.data() + at;
    const auto [end, error] = std::from_chars(begin, begin + 2, byte, 16);
    if (error != std::errc() || end != begin + 2) return false;
    if (at + 2 < kLength && text[at + 2] != ':' && text[at + 2] != '-') return false;
    if (at == 0) first = byte;
    any = any || byte != 0;
  }
  return any && (first & 1U) == 0;
}

}  // namespace davit::engine
