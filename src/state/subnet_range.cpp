#include "state/subnet_range.hpp"

#include <arpa/inet.h>

#include <charconv>

#include "davit/base/error.hpp"

namespace davit::state {

SubnetRange subnet_range(std::string_view cidr) {
  const auto refuse = [&](const char* why) {
    throw Error(Diagnostic::error("bad-subnet", "'" + std::string(cidr) + "' is no subnet: " + why)
                    .with_hint("a subnet looks like '10.89.3.0/24'"));
  };
  const std::size_t slash = cidr.find('/');
  if (slash == std::string_view::npos) refuse("it has no prefix length");
  const std::string address(cidr.substr(0, slash));
  const bool v6 = address.find(':') != std::string::npos;
  std::string first(v6 ? 16 : 4, '\0');
  if (inet_pton(v6 ? AF_INET6 : AF_INET, address.c_str(), first.data()) != 1) refuse("its address is malformed");

  unsigned bits = 0;
  const std::string_view digits = cidr.substr(slash + 1);
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (parsed.ec != std::errc{} || parsed.ptr != digits.data() + digits.size() || bits > first.size() * 8)
    refuse("its prefix length is out of range");

  std::string last = first;
  for (std::size_t i = 0; i < first.size(); ++i) {
    const std::size_t fixed = bits > i * 8 ? bits - i * 8 : 0;
    const unsigned host_mask = fixed >= 8 ? 0U : 0xffU >> fixed;
    if ((static_cast<unsigned char>(first[i]) & host_mask) != 0) refuse("it has bits set behind the prefix");
    last[i] = static_cast<char>(static_cast<unsigned char>(last[i]) | host_mask);
  }
  return {std::move(first), std::move(last)};
}

}  // namespace davit::state
