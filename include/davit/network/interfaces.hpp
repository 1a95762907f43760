#pragma once
// In which order a container's networks become interfaces, and which of them leads out. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "davit/network/firewall.hpp"
#include "davit/network/links.hpp"

namespace davit::network {

/// A container's wish to be on a network, with its leases.
struct Join {
  std::string network;
  std::string bridge;
  Reach reach = Reach::Outside;
  std::vector<InterfaceAddress> addresses;
  std::vector<IpAddress> gateways;         ///< of the network, at most one a family
  std::optional<MacAddress> mac{};         ///< else from the first address
  std::optional<std::string> interface{};  ///< `interface_name`
  int priority = 0;                        ///< `priority`: higher ones are attached first
  int gateway_priority = 0;                ///< `gw_priority`: the highest leads out
  std::uint32_t mtu = 0;
};

/// Interfaces in order of priority (then as given), named eth0, eth1, … unless they have a name; the default route goes
/// to the network with the highest gw_priority, then the highest priority, then the first by name, among those that are
/// not internal.
[[nodiscard]] std::vector<Attachment> plan_interfaces(const Scope& scope, const std::string& container,
                                                      std::vector<Join> joins);

}  // namespace davit::network
