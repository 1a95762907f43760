#pragma once
// DNS messages as text in tests.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "davit/dns/message.hpp"

namespace davit::dns::testing {

inline std::span<const std::uint8_t> bytes(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

inline network::IpAddress ip(std::string_view text) {
  return network::IpAddress::parse(text).value();
}

}  // namespace davit::dns::testing
