// Networks, names and ports of a container.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "spec_parts.hpp"

namespace davit::plan {
namespace {

void add_alias(std::vector<std::string>& aliases, const std::string& name) {
  if (std::find(aliases.begin(), aliases.end(), name) == aliases.end()) aliases.push_back(name);
}

engine::Attachment attachment(const SpecInput& input, const std::string& network, const model::NetworkAttachment& from,
                              const std::string& container) {
  engine::Attachment out;
  out.network = network;
  // One-offs answer to the service's names only when asked to: they must not take part in its traffic.
  const bool as_service = !input.one_off || input.one_off->aliases == OneOff::Aliases::OfService;
  if (as_service) add_alias(out.aliases, input.service.name);
  add_alias(out.aliases, container);
  if (as_service)
    for (const std::string& alias : from.aliases) add_alias(out.aliases, alias);
  out.ipv4_address = from.ipv4_address;
  out.ipv6_address = from.ipv6_address;
  out.mac_address = from.mac_address;
  out.interface_name = from.interface_name;
  out.priority = static_cast<int>(from.priority);
  out.gw_priority = static_cast<int>(from.gw_priority);
  return out;
}

std::vector<engine::PortMapping> ports(const model::Service& service) {
  std::vector<engine::PortMapping> out;
  for (const model::Port& p : service.ports) {
    engine::PortMapping mapping;
    mapping.host_ip = p.host_ip;
    if (p.published) {
      mapping.host_port = p.published->first;
      mapping.host_port_end = p.published->last;
    }
    mapping.container_port = p.target;
    mapping.protocol = p.protocol;
    out.push_back(std::move(mapping));
  }
  return out;
}

struct Exposed {
  std::uint16_t first = 0;
  std::uint16_t last = 0;
};

/// "80", "80/tcp", "3000-3005/udp", of whichever protocol; nullopt for anything else.
std::optional<Exposed> parse_exposed(std::string_view text) {
  Exposed exposed;
  text = text.substr(0, text.find('/'));
  const auto number = [](std::string_view digits, std::uint16_t& value) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return error == std::errc() && end == digits.data() + digits.size();
  };
  const auto dash = text.find('-');
  if (!number(text.substr(0, dash), exposed.first)) return std::nullopt;
  exposed.last = exposed.first;
  if (dash != std::string_view::npos && !number(text.substr(dash + 1), exposed.last)) return std::nullopt;
  return exposed;
}

}  // namespace

bool declares_port(const model::Service& service, const ImageInfo& image, std::uint16_t port) {
  const auto exposes = [port](const std::string& text) {
    const auto exposed = parse_exposed(text);
    return exposed && exposed->first <= port && port <= exposed->last;
  };
  return std::any_of(service.ports.begin(), service.ports.end(), [port](const auto& p) { return p.target == port; }) ||
         std::any_of(service.expose.begin(), service.expose.end(), exposes) ||
         std::any_of(image.exposed_ports.begin(), image.exposed_ports.end(), exposes);
}

std::optional<Diagnostic> fill_network(const SpecInput& input, engine::ContainerSpec& spec) {
  const model::Service& s = input.service;
  const std::string own_name =
      input.replaces.empty() || input.one_off ? spec.name : container_name(input.project, s, input.number);
  for (const auto& [key, from] : s.networks) {
    const auto network = input.project.networks.find(key);
    if (network == input.project.networks.end())
      return Diagnostic::error("unknown-network", fmt::format("network '{}' is not declared in this project", key),
                               from.where);
    spec.attachments.push_back(attachment(input, network->second.name, from, own_name));
  }
  std::stable_sort(spec.attachments.begin(), spec.attachments.end(),
                   [](const auto& a, const auto& b) { return a.priority > b.priority; });
  if (!spec.attachments.empty() && spec.attachments.front().mac_address.empty())
    spec.attachments.front().mac_address = s.mac_address;
  for (const std::string& link : s.links) {
    const auto colon = link.find(':');
    const std::string name = link.substr(0, colon);
    spec.links.push_back({name, colon == std::string::npos ? name : link.substr(colon + 1)});
  }
  spec.ports = ports(s);
  spec.serves_dns = declares_port(s, input.image, kDnsPort);
  for (const auto& [name, addresses] : s.extra_hosts)
    for (const std::string& address : addresses) spec.extra_hosts.emplace_back(name, address);
  spec.dns = s.dns;
  spec.dns_search = s.dns_search;
  spec.dns_options = s.dns_opt;
  return std::nullopt;
}

}  // namespace davit::plan
