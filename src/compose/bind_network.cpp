// How a service is reached, and what it reaches.

#include "bind_parts.hpp"

namespace davit::compose::bind {
namespace {

using yaml::Entry;
using yaml::Node;

std::uint16_t port_number(const Node& node, const Node& place, const Surroundings& around) {
  const auto value = integer_of(node);
  if (value && *value >= 0 && *value <= 65535) return static_cast<std::uint16_t>(*value);
  around.error("port-number", "a port must be a number up to 65535, found '" + node.text + "'", place.span);
  return 0;
}

model::Port port(const Node& node, const Surroundings& around) {
  model::Port port;
  port.where = node.span;
  port.name = text(node, "name");
  port.target = port_number(at(node, "target"), node, around);
  if (port.target == 0 && text(node, "target") == "0")
    around.error("port-number", "the container port must be at least 1, found 0", node.span);
  port.host_ip = text(node, "host_ip");
  port.protocol = text(node, "protocol");
  port.mode = text(node, "mode");
  port.app_protocol = text(node, "app_protocol");
  const Node& published = at(node, "published");
  if (published.text.empty()) return port;
  const std::size_t dash = published.text.find('-');
  Node first = published;
  first.text = published.text.substr(0, dash);
  Node last = published;
  last.text = dash == std::string::npos ? first.text : published.text.substr(dash + 1);
  const model::PortRange range{port_number(first, published, around), port_number(last, published, around)};
  if (range.last < range.first)
    around.error("port-range", "the port range '" + published.text + "' runs backwards", published.span);
  // 0 asks for any free port, as if there were none.
  if (range.first != 0) port.published = range;
  return port;
}

}  // namespace

void network(const Node& node, model::Service& service, const Surroundings& around) {
  for (const Node& item : at(node, "ports").items) service.ports.push_back(port(item, around));
  service.expose = texts(at(node, "expose"));
  for (const Entry& entry : at(node, "networks").entries) {
    model::NetworkAttachment& attachment = service.networks[entry.key];
    const Node& options = entry.value;
    attachment.where = entry.key_span;
    attachment.aliases = texts(at(options, "aliases"));
    attachment.ipv4_address = text(options, "ipv4_address");
    attachment.ipv6_address = text(options, "ipv6_address");
    attachment.link_local_ips = texts(at(options, "link_local_ips"));
    attachment.mac_address = text(options, "mac_address");
    attachment.interface_name = text(options, "interface_name");
    attachment.driver_opts = pairs(at(options, "driver_opts"));
    attachment.priority = integer(options, "priority").value_or(0);
    attachment.gw_priority = integer(options, "gw_priority").value_or(0);
  }
  service.network_mode = text(node, "network_mode");
  service.mac_address = text(node, "mac_address");
  service.extra_hosts = hosts(at(node, "extra_hosts"));
  service.dns = texts(at(node, "dns"));
  service.dns_search = texts(at(node, "dns_search"));
  service.dns_opt = texts(at(node, "dns_opt"));
  service.links = texts(at(node, "links"));
  service.external_links = texts(at(node, "external_links"));
}

}  // namespace davit::compose::bind
