#pragma once
// Bridges, veth pairs, addresses and routes over netlink, many in one go. Everything acts in the network namespace of
// the calling thread, blocks shortly, and throws Error with the kernel's own words.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "davit/network/address.hpp"
#include "davit/network/names.hpp"

namespace davit::network {

struct BridgeDescription {
  std::string name;
  std::string alias;
  std::vector<InterfaceAddress> addresses;  ///< the gateways of the network; empty for a bridge without the host
  std::uint32_t mtu = 0;                    ///< 0: the kernel's
};

/// Makes the bridge, up, with its addresses and `route_localnet` on it (for published ports on 127.0.0.1). A bridge of
/// the same name and alias that exists already is adjusted; one with another alias is an error.
void create_bridge(const BridgeDescription& bridge);

/// One end in a container, the other on a bridge.
struct Attachment {
  std::string bridge;
  std::string host_link;
  std::string alias;
  std::string interface;  ///< inside of the container: "eth0"
  MacAddress mac;
  std::vector<InterfaceAddress> addresses;
  std::vector<IpAddress> default_gateways{};  ///< at most one a family; empty for an internal network or a second one
  std::uint32_t mtu = 0;
};

struct NamespaceAttachments {
  int netns = -1;
  std::vector<Attachment> attachments;  ///< made in this order
};

/// Attaches many namespaces in two batches: pairs first, then addresses and routes in each namespace. After an error
/// none of the pairs is left.
void attach(const std::vector<NamespaceAttachments>& namespaces);

struct Link {
  int index = 0;
  std::string name;
  std::string alias;
  std::string kind;  ///< "bridge", "veth", …; empty for a physical one
};
/// All links of this network namespace. Throws davit::Error.
[[nodiscard]] std::vector<Link> list_links();
/// The links of a project, by alias.
[[nodiscard]] std::vector<Link> links_of(const Scope& scope);

/// Removes links by name, all in one act of the kernel. Absent ones are fine. Returns after they are gone.
void remove_links(const std::vector<std::string>& names);
/// The same for links that were listed.
void remove_links(const std::vector<Link>& links);

/// Subnets this host can reach without its default route: routes in all tables and addresses of interfaces. What a new
/// network must not overlap.
[[nodiscard]] std::vector<Subnet> host_subnets();
/// host_subnets(), and those of davit's own networks, which may not be up at the moment. Throws Error for a text that
/// is no subnet.
[[nodiscard]] std::vector<Subnet> taken_subnets(const std::vector<std::string>& of_networks);

/// What enable_forwarding changed, in words; empty when it was on already.
[[nodiscard]] std::vector<std::string> enable_forwarding(Family family);

}  // namespace davit::network
