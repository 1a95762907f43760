#include "davit/network/project_network.hpp"

#include <future>

#include "davit/base/error.hpp"

namespace davit::network {
namespace {

BridgeDescription bridge_of(const Scope& scope, const NetworkDescription& network) {
  BridgeDescription bridge{bridge_name(scope, network.name), link_alias(scope, network.name), {}, network.mtu};
  for (const auto& plan : network.subnets) bridge.addresses.push_back({plan.gateway, plan.subnet.prefix()});
  return bridge;
}

FirewallNetwork rules_of(const Scope& scope, const NetworkDescription& network) {
  FirewallNetwork rules{bridge_name(scope, network.name), {}, network.reach};
  for (const auto& plan : network.subnets) rules.subnets.push_back(plan.subnet);
  return rules;
}

/// What a bridge still has on it, with the bridge itself.
std::vector<Link> links_of_network(const Scope& scope, const std::string& network) {
  auto links = links_of(scope);
  const std::string alias = link_alias(scope, network);
  std::erase_if(links, [&](const Link& link) { return link.alias != alias; });
  return links;
}

/// Both any-addresses stand for "every address"; a target of a family that is not published has no rule.
std::vector<FirewallPort> port_rules(const Publication& port) {
  std::vector<FirewallPort> rules;
  for (const auto& target : port.targets) {
    const IpAddress any = target.is_v4() ? IpAddress() : IpAddress::v6({});
    const IpAddress host = port.request.host_ip.value_or(any);
    if (host.family() != target.family()) continue;
    // ::1 has no route_localnet: such connections are the forwarder's.
    if (!host.is_v4() && host.is_loopback()) continue;
    rules.push_back({port.request.protocol, host, port.host_port, target, port.request.container});
  }
  return rules;
}

std::vector<FirewallPort> all_rules(const std::vector<Publication>& ports) {
  std::vector<FirewallPort> rules;
  for (const auto& port : ports) {
    for (auto& rule : port_rules(port)) rules.push_back(std::move(rule));
  }
  return rules;
}

}  // namespace

ProjectNetwork::ProjectNetwork(Scope scope, FirewallUse use) : scope_(std::move(scope)) {
  if (use == FirewallUse::Nftables) firewall_ = std::make_unique<Firewall>(scope_);
}

ProjectNetwork::~ProjectNetwork() = default;

std::vector<std::string> ProjectNetwork::create_network(const NetworkDescription& network) {
  std::vector<std::string> notices = let_out(network);
  // Rules first: there is no moment in which the bridge is up and not isolated.
  networks_[network.name] = rules_of(scope_, network);
  try {
    apply_firewall();
    create_bridge(bridge_of(scope_, network));
  } catch (Error& error) {
    error.context("while creating network '" + network.name + "'");
    take_back(network.name);
    throw;
  } catch (...) {
    take_back(network.name);
    throw;
  }
  return notices;
}

std::vector<std::string> ProjectNetwork::let_out(const NetworkDescription& network) const {
  std::vector<std::string> notices;
  if (network.reach != Reach::Outside || !firewall_) return notices;
  for (const auto& plan : network.subnets) {
    for (auto& notice : enable_forwarding(plan.subnet.family())) notices.push_back(std::move(notice));
  }
  return notices;
}

std::vector<std::string> ProjectNetwork::restore(const std::vector<NetworkDescription>& networks,
                                                 const Publications& ports_by_container) {
  networks_.clear();
  ports_.clear();
  for (const auto& network : networks) networks_[network.name] = rules_of(scope_, network);
  for (const auto& [container, ports] : ports_by_container) {
    auto rules = all_rules(ports);
    if (!rules.empty()) ports_[container] = std::move(rules);
  }
  std::vector<std::string> notices;
  for (const auto& network : networks) {
    for (auto& notice : let_out(network)) notices.push_back(std::move(notice));
  }
  apply_firewall();
  for (const auto& network : networks) create_bridge(bridge_of(scope_, network));
  return notices;
}

void ProjectNetwork::take_back(const std::string& network) {
  try {
    remove_network(network);
  } catch (const std::exception&) {
    // The first error is the one to tell.
  }
}

void ProjectNetwork::remove_network(const std::string& network) {
  const auto links = links_of_network(scope_, network);
  networks_.erase(network);
  // Side by side: each waits for the kernel. A destroyed future waits for its thread.
  auto rules = std::async(std::launch::async, [this] { apply_firewall(); });
  remove_links(links);
  rules.get();
}

void ProjectNetwork::publish(const Publications& by_container) {
  const auto before = ports_;
  for (const auto& [container, ports] : by_container) {
    auto rules = all_rules(ports);
    if (rules.empty()) {
      ports_.erase(container);
    } else {
      ports_[container] = std::move(rules);
    }
  }
  if (ports_ == before) return;
  try {
    apply_firewall();
  } catch (...) {
    ports_ = before;
    throw;
  }
}

std::shared_ptr<void> ProjectNetwork::take_retired() {
  return firewall_ ? firewall_->take_retired() : nullptr;
}

void ProjectNetwork::apply_firewall() {
  if (!firewall_) return;
  FirewallState state;
  for (const auto& [name, network] : networks_) state.networks.push_back(network);
  for (const auto& [container, ports] : ports_) state.ports.insert(state.ports.end(), ports.begin(), ports.end());
  firewall_->apply(state);
}

std::vector<std::string> cleanup_leftovers(const Scope& scope) {
  std::vector<std::string> removed;
  const auto links = links_of(scope);
  for (const auto& link : links) removed.push_back("link '" + link.name + "' (" + link.alias + ")");
  remove_links(links);
  if (Firewall::unavailable()) return removed;
  if (Firewall::exists(scope)) removed.push_back("firewall table '" + table_name(scope) + "'");
  Firewall(scope).remove();
  return removed;
}

}  // namespace davit::network
