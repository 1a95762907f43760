#pragma once
// The requests that links.cpp puts together.

#include <optional>

#include "davit/network/links.hpp"
#include "network/netlink.hpp"

namespace davit::network {

[[nodiscard]] NetlinkMessage new_bridge(const BridgeDescription& bridge);
/// Alias, no IPv6 address of its own making, `route_localnet` for published ports on 127.0.0.1, up.
[[nodiscard]] NetlinkMessage finish_bridge(const std::string& name, const std::string& alias);
/// Alias, no IPv6 address, up; hairpin, so that a container reaches its own published port by the host's address.
[[nodiscard]] NetlinkMessage finish_port(const std::string& name, const std::string& alias);
[[nodiscard]] NetlinkMessage new_pair(const Attachment& attachment, int bridge_index, int netns);
[[nodiscard]] NetlinkMessage link_up(const std::string& name);
[[nodiscard]] NetlinkMessage new_address(int link, const InterfaceAddress& address);
[[nodiscard]] NetlinkMessage default_route(int link, const IpAddress& gateway);
[[nodiscard]] NetlinkMessage set_group(int link, std::uint32_t group);
[[nodiscard]] NetlinkMessage delete_group(std::uint32_t group);
[[nodiscard]] NetlinkMessage delete_link(int link);

}  // namespace davit::network
