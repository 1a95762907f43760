#pragma once
// The first and last address of a subnet as bytes that sort.

#include <string>
#include <string_view>

namespace davit::state {

struct SubnetRange {
  std::string first;  ///< 4 or 16 bytes, big-endian
  std::string last;
};

/// Takes "10.89.3.0/24" or "fd00::/64"; throws davit::Error for anything else, also when host bits are set.
[[nodiscard]] SubnetRange subnet_range(std::string_view cidr);

}  // namespace davit::state
