#include "network/link_messages.hpp"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>

namespace davit::network {
namespace {

// linux/if_link.h has the mode as an enum that C++ cannot put into one byte without a cast.
constexpr std::uint8_t kNoGeneratedAddresses = 1;  // IN6_ADDR_GEN_MODE_NONE

ifinfomsg link_header(int index, unsigned flags, unsigned change) {
  ifinfomsg header{};
  header.ifi_family = AF_UNSPEC;
  header.ifi_index = index;
  header.ifi_flags = flags;
  header.ifi_change = change;
  return header;
}

NetlinkMessage named_link_up(const std::string& name, const std::string& alias) {
  NetlinkMessage message(RTM_NEWLINK, 0);
  message.append(link_header(0, IFF_UP, IFF_UP));
  message.put_string(IFLA_IFNAME, name);
  message.put_string(IFLA_IFALIAS, alias);
  return message;
}

void no_generated_addresses(NetlinkMessage& message) {
  const NetlinkMessage::Nest inet6(message, AF_INET6);
  message.put_u8(IFLA_INET6_ADDR_GEN_MODE, kNoGeneratedAddresses);
}

unsigned char socket_family(const IpAddress& address) {
  return address.is_v4() ? AF_INET : AF_INET6;
}

}  // namespace

NetlinkMessage new_bridge(const BridgeDescription& bridge) {
  NetlinkMessage message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  message.append(link_header(0, 0, 0));
  message.put_string(IFLA_IFNAME, bridge.name);
  if (bridge.mtu != 0) message.put_u32(IFLA_MTU, bridge.mtu);
  // A fixed hardware address: else the bridge takes the lowest of its ports, and changes when a container goes.
  if (!bridge.addresses.empty()) message.put_mac(IFLA_ADDRESS, MacAddress::from_address(bridge.addresses[0].address));
  const NetlinkMessage::Nest info(message, IFLA_LINKINFO);
  message.put_string(IFLA_INFO_KIND, "bridge");
  return message;
}

NetlinkMessage finish_bridge(const std::string& name, const std::string& alias) {
  NetlinkMessage message = named_link_up(name, alias);
  const NetlinkMessage::Nest families(message, IFLA_AF_SPEC);
  {
    const NetlinkMessage::Nest inet(message, AF_INET);
    const NetlinkMessage::Nest settings(message, IFLA_INET_CONF);
    message.put_u32(IPV4_DEVCONF_ROUTE_LOCALNET, 1);
  }
  no_generated_addresses(message);
  return message;
}

NetlinkMessage finish_port(const std::string& name, const std::string& alias) {
  NetlinkMessage message = named_link_up(name, alias);
  {
    const NetlinkMessage::Nest families(message, IFLA_AF_SPEC);
    no_generated_addresses(message);
  }
  const NetlinkMessage::Nest info(message, IFLA_LINKINFO);
  message.put_string(IFLA_INFO_SLAVE_KIND, "bridge");
  const NetlinkMessage::Nest data(message, IFLA_INFO_SLAVE_DATA);
  message.put_u8(IFLA_BRPORT_MODE, 1);  // hairpin
  return message;
}

NetlinkMessage new_pair(const Attachment& attachment, int bridge_index, int netns) {
  NetlinkMessage message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  message.append(link_header(0, 0, 0));
  message.put_string(IFLA_IFNAME, attachment.host_link);
  message.put_u32(IFLA_MASTER, static_cast<std::uint32_t>(bridge_index));
  if (attachment.mtu != 0) message.put_u32(IFLA_MTU, attachment.mtu);
  const NetlinkMessage::Nest info(message, IFLA_LINKINFO);
  message.put_string(IFLA_INFO_KIND, "veth");
  const NetlinkMessage::Nest data(message, IFLA_INFO_DATA);
  const NetlinkMessage::Nest peer(message, VETH_INFO_PEER);
  message.append(link_header(0, 0, 0));
  message.put_string(IFLA_IFNAME, attachment.interface);
  message.put_mac(IFLA_ADDRESS, attachment.mac);
  message.put_u32(IFLA_NET_NS_FD, static_cast<std::uint32_t>(netns));
  if (attachment.mtu != 0) message.put_u32(IFLA_MTU, attachment.mtu);
  return message;
}

NetlinkMessage link_up(const std::string& name) {
  NetlinkMessage message(RTM_NEWLINK, 0);
  message.append(link_header(0, IFF_UP, IFF_UP));
  message.put_string(IFLA_IFNAME, name);
  return message;
}

NetlinkMessage new_address(int link, const InterfaceAddress& address) {
  NetlinkMessage message(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE);
  ifaddrmsg header{};
  header.ifa_family = socket_family(address.address);
  header.ifa_prefixlen = static_cast<unsigned char>(address.prefix);
  header.ifa_index = static_cast<unsigned>(link);
  message.append(header);
  message.put_address(IFA_LOCAL, address.address);
  message.put_address(IFA_ADDRESS, address.address);
  if (address.address.is_v4()) {
    message.put_address(IFA_BROADCAST, address.subnet().last());
  } else {
    // Leases are unique already: no second of waiting for duplicate address detection.
    message.put_u32(IFA_FLAGS, IFA_F_NODAD);
  }
  return message;
}

NetlinkMessage default_route(int link, const IpAddress& gateway) {
  NetlinkMessage message(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE);
  rtmsg header{};
  header.rtm_family = socket_family(gateway);
  header.rtm_table = RT_TABLE_MAIN;
  header.rtm_protocol = RTPROT_STATIC;
  header.rtm_scope = RT_SCOPE_UNIVERSE;
  header.rtm_type = RTN_UNICAST;
  message.append(header);
  message.put_address(RTA_GATEWAY, gateway);
  message.put_u32(RTA_OIF, static_cast<std::uint32_t>(link));
  return message;
}

NetlinkMessage set_group(int link, std::uint32_t group) {
  NetlinkMessage message(RTM_SETLINK, 0);
  message.append(link_header(link, 0, 0));
  message.put_u32(IFLA_GROUP, group);
  return message;
}

NetlinkMessage delete_group(std::uint32_t group) {
  NetlinkMessage message(RTM_DELLINK, 0);
  message.append(link_header(0, 0, 0));
  message.put_u32(IFLA_GROUP, group);
  return message;
}

NetlinkMessage delete_link(int link) {
  NetlinkMessage message(RTM_DELLINK, 0);
  message.append(link_header(link, 0, 0));
  return message;
}

}  // namespace davit::network
