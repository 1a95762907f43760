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

/// The network that leads out, by the same rule; nullptr when all are internal or none has a gateway. Points into
/// `joins`.
[[nodiscard]] const Join* leading_out(const std::vector<Join>& joins);

/// The container's address that published ports of a family lead to: on the network that leads out, else on the first
/// other one that has such an address. On an internal network only where there is no other.
[[nodiscard]] std::optional<IpAddress> published_address(const std::vector<Join>& joins, Family family);

/// The host's address as the container sees it, chosen in the same way.
[[nodiscard]] std::optional<IpAddress> host_address(const std::vector<Join>& joins, Family family);

}  // namespace davit::network
