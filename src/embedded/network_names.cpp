// Names of containers, of this project and of others on the same networks, and who answers for them.

#include "davit/base/error.hpp"
#include "davit/network/firewall.hpp"
#include "embedded/keeper_link.hpp"
#include "embedded/log.hpp"
#include "embedded/network_host.hpp"
#include "embedded/network_rows.hpp"

namespace davit::embedded {
namespace {

constexpr std::size_t kShortId = 12;

dns::Endpoint endpoint_of(const std::string& network, const ContainerId& id, const std::string& name,
                          const std::vector<engine::Attachment>& attachments,
                          const std::optional<std::string>& address_v4, const std::optional<std::string>& address_v6) {
  dns::Endpoint endpoint;
  endpoint.network = network;
  endpoint.container = name;
  endpoint.names = {name, id.str().substr(0, kShortId)};
  for (const auto& attachment : attachments)
    if (attachment.network == network)
      endpoint.names.insert(endpoint.names.end(), attachment.aliases.begin(), attachment.aliases.end());
  for (const auto* address : {&address_v4, &address_v6})
    if (*address) endpoint.addresses.push_back(parse_address(**address));
  return endpoint;
}

}  // namespace

/// Only a container that serves DNS has a rule in its namespace: making one takes time at its start.
dns::ServerPlace NetworkHost::dns_place(const Record& record) {
  const int netns = record.network.netns.get();
  if (!record.spec.serves_dns) return {netns, dns::Entrance::Direct};
  if (const auto reason = network::Firewall::unavailable()) {
    log_warning("container '" + record.row.name + "' cannot listen on port 53 of all addresses: " + reason->message);
    return {netns, dns::Entrance::Direct};
  }
  return {netns, dns::Entrance::Redirected};
}

void NetworkHost::serve_dns(Record& record, dns::ServerSockets sockets) {
  look_at_resolv_conf();
  keeper_.put(record.run_prefix() + "dns-udp", sockets.udp.get());
  keeper_.put(record.run_prefix() + "dns-tcp", sockets.tcp.get());
  dns::Asker asker;
  state::Networks networks(database_);
  for (const auto& lease : record.network.leases)
    if (const auto row = networks.find(lease.network_id)) asker.networks.push_back(row->name);
  for (const auto& link : record.spec.links) asker.links.emplace_back(link.alias, link.container_or_service);
  dns_.serve(record.id().str(), std::move(sockets), std::move(asker), upstreams_of(record));
  record.network.serves_dns = true;
}

std::vector<dns::Upstream> NetworkHost::upstreams_of(const Record& record) const {
  dns::ServiceDns service;
  for (const auto& server : record.spec.dns) service.servers.push_back(parse_address(server));
  bool outside = false;
  std::vector<network::Subnet> subnets;
  for (const auto& join : joins(record)) {
    if (join.reach == network::Reach::Outside) outside = true;
    for (const auto& own : join.addresses) subnets.emplace_back(own.address, own.prefix);
  }
  std::vector<dns::Upstream> upstreams;
  for (const auto& server :
       outside ? dns::upstream_servers(host_resolv_.value(), service) : dns::upstream_servers_inside(service, subnets))
    upstreams.push_back({server, 53});
  return upstreams;
}

/// Before a container starts and when one asks: who runs already asks the host's new servers, too.
void NetworkHost::look_at_resolv_conf() noexcept {
  try {
    if (host_resolv_.look()) upstreams_are_old_ = true;
    if (!upstreams_are_old_) return;
    for (const auto& [id, record] : connected_)
      if (record->network.serves_dns) dns_.set_upstreams(id.str(), upstreams_of(*record));
    upstreams_are_old_ = false;
  } catch (const std::exception& error) {
    log_warning(std::string("the host has other name servers, and not all containers use them yet: ") + error.what());
  }
}

void NetworkHost::update_names() {
  names_seen_ = names_counter_.value();
  std::vector<dns::Endpoint> endpoints;
  std::map<std::string, std::string> names;  // network id to name
  state::Networks networks(database_);
  for (const auto& [id, record] : connected_) {
    for (const auto& lease : record->network.leases) {
      auto& network = names[lease.network_id];
      if (network.empty())
        if (const auto row = networks.find(lease.network_id)) network = row->name;
      endpoints.push_back(
          endpoint_of(network, id, record->row.name, record->spec.attachments, lease.address_v4, lease.address_v6));
    }
  }
  for (auto& endpoint : neighbours(names)) endpoints.push_back(std::move(endpoint));
  dns_.set_names(dns::NameTable(endpoints));
}

std::vector<dns::Endpoint> NetworkHost::neighbours(const std::map<std::string, std::string>& network_names) {
  std::vector<dns::Endpoint> endpoints;
  const auto known = std::exchange(neighbour_wishes_, {});  // a specification never changes: it is read once
  for (const auto& [network_id, network] : network_names) {
    for (const auto& neighbour : state::Networks(database_).neighbours(network_id, paths_.project)) {
      const auto before = known.find(neighbour.container);
      const auto [wishes, added] = neighbour_wishes_.try_emplace(
          neighbour.container,
          before != known.end() ? before->second : engine::container_spec_from_json(neighbour.spec_json).attachments);
      endpoints.push_back(endpoint_of(network, neighbour.container, neighbour.name, wishes->second,
                                      neighbour.address_v4, neighbour.address_v6));
    }
  }
  return endpoints;
}

void NetworkHost::look_at_neighbours() noexcept {
  if (names_counter_.value() == names_seen_) return;
  try {
    update_names();
  } catch (const std::exception& error) {
    // The names that are known are still good answers; the next change brings the next try.
    log_warning(std::string("cannot read the names of other projects: ") + error.what());
  }
}

std::vector<network::IpAddress> NetworkHost::addresses(const Record& record) const {
  std::vector<network::IpAddress> out;
  for (const auto& lease : record.network.leases) {
    if (lease.address_v4) out.push_back(parse_address(*lease.address_v4));
    if (lease.address_v6) out.push_back(parse_address(*lease.address_v6));
  }
  return out;
}

std::optional<std::string> NetworkHost::host_gateway(const Record& record) const {
  const auto address = network::host_address(joins(record), network::Family::V4);
  if (!address) return std::nullopt;
  return address->to_string();
}

std::string NetworkHost::resolv_conf(const engine::ContainerSpec& spec) {
  look_at_resolv_conf();
  dns::ServiceDns service;
  for (const auto& server : spec.dns) service.servers.push_back(parse_address(server));
  service.search = spec.dns_search;
  service.options = spec.dns_options;
  return uses_dns(spec) ? dns::container_resolv_conf(host_resolv_.value(), service)
                        : dns::host_network_resolv_conf(host_resolv_.value(), service);
}

}  // namespace davit::embedded
