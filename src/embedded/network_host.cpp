#include "embedded/network_host.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "davit/async/task_group.hpp"
#include "davit/base/error.hpp"
#include "davit/network/firewall.hpp"
#include "davit/network/namespaces.hpp"
#include "davit/network/pools.hpp"
#include "embedded/keeper_link.hpp"
#include "embedded/log.hpp"

namespace davit::embedded {
namespace {

constexpr const char* kRangeOption = "io.davit.ip_range";
constexpr std::size_t kShortId = 12;

std::string read_text(const char* path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

network::ProjectNetwork::FirewallUse firewall_use() {
  return network::Firewall::unavailable() ? network::ProjectNetwork::FirewallUse::None
                                          : network::ProjectNetwork::FirewallUse::Nftables;
}

network::Subnet parse_subnet(const std::string& text) {
  const auto subnet = network::Subnet::parse(text);
  if (!subnet) throw Error("'" + text + "' is not a subnet");
  return *subnet;
}

network::IpAddress parse_address(const std::string& text) {
  const auto address = network::IpAddress::parse(text);
  if (!address) throw Error("'" + text + "' is not an IP address");
  return *address;
}

network::SubnetPlan plan_of(const state::Network& row, const std::string& subnet,
                            const std::optional<std::string>& gateway) {
  const network::Subnet parsed = parse_subnet(subnet);
  std::optional<network::IpAddress> gateway_address;
  if (gateway) gateway_address = parse_address(*gateway);
  std::optional<network::Subnet> range;
  if (const auto found = row.options.find(kRangeOption); found != row.options.end()) {
    range = parse_subnet(found->second);
    if (range->family() != parsed.family()) range.reset();
  }
  return network::plan_subnet(parsed, gateway_address, range).value();
}

std::vector<network::SubnetPlan> plans_of(const state::Network& row) {
  std::vector<network::SubnetPlan> plans;
  if (row.subnet_v4) plans.push_back(plan_of(row, *row.subnet_v4, row.gateway_v4));
  if (row.subnet_v6) plans.push_back(plan_of(row, *row.subnet_v6, row.gateway_v6));
  return plans;
}

std::vector<network::Subnet> taken_subnets(state::Networks& networks) {
  std::vector<network::Subnet> taken = network::host_subnets();
  for (const auto& row : networks.all()) {
    if (row.subnet_v4) taken.push_back(parse_subnet(*row.subnet_v4));
    if (row.subnet_v6) taken.push_back(parse_subnet(*row.subnet_v6));
  }
  return taken;
}

network::NetworkDescription description_of(const state::Network& row) {
  network::NetworkDescription description;
  description.name = row.name;
  description.subnets = plans_of(row);
  description.reach = row.internal ? network::Reach::Internal : network::Reach::Outside;
  if (const auto mtu = row.options.find("com.docker.network.driver.mtu"); mtu != row.options.end())
    description.mtu = static_cast<std::uint32_t>(std::strtoul(mtu->second.c_str(), nullptr, 10));
  return description;
}

void set_subnet(state::Network& row, const network::SubnetPlan& plan) {
  const bool v4 = plan.subnet.family() == network::Family::V4;
  (v4 ? row.subnet_v4 : row.subnet_v6) = plan.subnet.to_string();
  (v4 ? row.gateway_v4 : row.gateway_v6) = plan.gateway.to_string();
}

/// The subnets a specification names, and pool subnets for the families it leaves open.
void choose_subnets(state::Network& row, const engine::NetworkSpec& spec, const std::vector<network::Subnet>& taken) {
  for (const auto& pool : spec.ipam) {
    if (pool.subnet.empty()) continue;
    std::optional<network::IpAddress> gateway;
    std::optional<network::Subnet> range;
    if (!pool.gateway.empty()) gateway = parse_address(pool.gateway);
    if (!pool.ip_range.empty()) range = parse_subnet(pool.ip_range);
    set_subnet(row, network::plan_subnet(parse_subnet(pool.subnet), gateway, range).value());
    if (!pool.ip_range.empty()) row.options[kRangeOption] = pool.ip_range;
  }
  const std::vector<network::Pool> pools = network::default_pools(read_text("/etc/machine-id"));
  const auto from_pool = [&](network::Family family) {
    set_subnet(row, network::plan_subnet(network::choose_subnet(pools, family, taken).value()).value());
  };
  if (!row.subnet_v4) from_pool(network::Family::V4);
  if (spec.enable_ipv6 && !row.subnet_v6) from_pool(network::Family::V6);
}

dns::Endpoint endpoint_of(const std::string& network, const ContainerId& id, const std::string& name,
                          const std::vector<engine::Attachment>& attachments, const std::optional<std::string>& address_v4,
                          const std::optional<std::string>& address_v6) {
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

std::string text_of(const network::PortReservation& port, const network::IpAddress& ip) {
  return "port/" + std::to_string(port.host_port) + "/" + std::to_string(port.container_port) + "/" +
         std::string(network::to_string(port.protocol)) + "/" + ip.to_string();
}

}  // namespace

NetworkHost::NetworkHost(asio::io_context& context, state::Database& database, Paths paths, KeeperLink& keeper,
                         WorkerPool& pool)
    : context_(context), database_(database), paths_(std::move(paths)), keeper_(keeper), pool_(pool),
      project_(paths_.scope(), firewall_use()), project_turn_(context.get_executor(), 1),
      names_counter_(paths_.names_counter()), dns_(context),
      host_resolv_(dns::parse_resolv_conf(read_text("/etc/resolv.conf"))), attached_(context.get_executor()),
      removed_(context.get_executor()) {
  dns_.set_look([this] { look_at_neighbours(); });
}

state::Network NetworkHost::insert(const engine::NetworkSpec& spec) {
  if (spec.driver != "bridge" && !spec.driver.empty())
    throw Error(Diagnostic::error("unsupported-driver", "network '" + spec.name + "' uses driver '" + spec.driver +
                                                            "', which is not supported; allowed is 'bridge'"));
  state::Networks networks(database_);
  state::Transaction transaction(database_);
  if (const auto found = networks.find_by_name(spec.name)) {
    if (found->project == spec.project) return *found;
    throw Error("a network named '" + spec.name + "' exists already and belongs to project '" + found->project + "'");
  }
  state::Network row;
  row.id = random_id();
  row.name = spec.name;
  row.project = spec.project;
  row.key = spec.key;
  row.internal = spec.internal;
  row.labels = spec.labels;
  row.options = spec.driver_opts;
  row.config_hash = spec.config_hash;
  row.created = state::wall_time_now();
  choose_subnets(row, spec, taken_subnets(networks));
  if (const auto conflict = networks.insert(row))
    throw Error("the subnet of network '" + spec.name + "' overlaps that of network '" + conflict->holder.name + "'");
  transaction.commit();
  return row;
}

/// One change of networks or rules, on a thread, because it waits for the kernel. The caller has the turn.
Task<void> NetworkHost::change(std::function<void()> work) {
  std::exception_ptr failure;
  try {
    co_await pool_.run(std::move(work));
  } catch (...) {
    failure = std::current_exception();
  }
  pool_.drop(project_.take_retired());
  if (failure) std::rethrow_exception(failure);
}

Task<std::vector<std::string>> NetworkHost::raise(state::Network row) {
  const network::NetworkDescription description = description_of(row);
  std::vector<std::string> notices;
  std::function<void()> work = [this, &description, &notices] { notices = project_.create_network(description); };
  Gate::Pass turn = co_await project_turn_.enter();
  co_await change(std::move(work));
  co_return notices;
}

Task<void> NetworkHost::lower(std::string name) {
  std::function<void()> work = [this, &name] { project_.remove_network(name); };
  Gate::Pass turn = co_await project_turn_.enter();
  co_await change(std::move(work));
}

Task<std::vector<std::string>> NetworkHost::restore(std::vector<state::Network> rows) {
  std::vector<network::NetworkDescription> networks;
  for (const auto& row : rows) networks.push_back(description_of(row));
  const network::Publications ports = std::exchange(resumed_, {});
  std::vector<std::string> notices;
  if (networks.empty() && ports.empty()) co_return notices;
  std::function<void()> work = [this, &networks, &ports, &notices] { notices = project_.restore(networks, ports); };
  Gate::Pass turn = co_await project_turn_.enter();
  co_await change(std::move(work));
  co_return notices;
}

Task<void> NetworkHost::change_rules(std::string container, std::vector<network::Publication> rules) {
  const std::shared_ptr<RuleBatch> batch = next_rules_;
  batch->changes[std::move(container)] = std::move(rules);
  Gate::Pass turn = co_await project_turn_.enter();
  if (!batch->done) {
    next_rules_ = std::make_shared<RuleBatch>();
    batch->done = true;
    std::function<void()> work = [this, batch] { project_.publish(batch->changes); };
    try {
      co_await change(std::move(work));
    } catch (...) {
      batch->error = std::current_exception();
    }
  }
  if (batch->error) std::rethrow_exception(batch->error);
}

std::vector<network::PortReservation> NetworkHost::reserve(const Record& record) {
  std::vector<network::PortRequest> requests;
  for (const auto& port : record.spec.ports) {
    network::PortRequest request;
    if (!port.host_ip.empty()) request.host_ip = parse_address(port.host_ip);
    if (port.host_port != 0) request.host = network::PortRange{port.host_port, std::max(port.host_port, port.host_port_end)};
    request.container = port.container_port;
    request.protocol = port.protocol == "udp" ? network::Protocol::Udp : network::Protocol::Tcp;
    requests.push_back(request);
  }
  std::vector<network::PortReservation> reserved = network::reserve_ports(requests).value();
  for (const auto& port : reserved)
    for (const auto& socket : port.sockets) keeper_.put(record.run_prefix() + text_of(port, socket.host_ip), socket.fd.get());
  return reserved;
}

bool NetworkHost::uses_dns(const engine::ContainerSpec& spec) {
  return (spec.network_mode.empty() || spec.network_mode == "bridge") && !spec.attachments.empty();
}

void NetworkHost::lease_addresses(Record& record) {
  state::Networks networks(database_);
  state::Transaction transaction(database_);
  for (const auto& wish : record.spec.attachments) {
    const auto row = networks.find_by_name(wish.network);
    if (!row) throw Error("network '" + wish.network + "' not found");
    const std::vector<state::Lease> leases = networks.leases(row->id);
    if (std::any_of(leases.begin(), leases.end(), [&](const auto& l) { return l.container == record.id(); })) continue;
    state::Lease lease;
    lease.network_id = row->id;
    lease.container = record.id();
    std::optional<network::IpAddress> first;
    for (const auto& plan : plans_of(*row)) {
      const bool v4 = plan.subnet.family() == network::Family::V4;
      std::set<network::IpAddress> used;
      for (const auto& other : leases)
        if (const auto& text = v4 ? other.address_v4 : other.address_v6) used.insert(parse_address(*text));
      std::optional<network::IpAddress> wanted;
      const std::string& text = v4 ? wish.ipv4_address : wish.ipv6_address;
      if (!text.empty()) wanted = parse_address(text);
      const network::IpAddress address = network::allocate_address(plan, used, wanted).value();
      (v4 ? lease.address_v4 : lease.address_v6) = address.to_string();
      if (!first) first = address;
    }
    lease.mac = !wish.mac_address.empty() ? wish.mac_address
                                          : network::MacAddress::from_address(first.value_or(network::IpAddress())).to_string();
    if (!networks.lease(lease))
      throw Error("an address of container '" + record.row.name + "' is in use already on network '" + wish.network + "'");
  }
  transaction.commit();
}

std::vector<network::Join> NetworkHost::joins(const Record& record) {
  state::Networks networks(database_);
  std::vector<network::Join> joins;
  for (const auto& lease : record.network.leases) {
    const auto row = networks.find(lease.network_id);
    if (!row) continue;
    network::Join join;
    join.network = row->name;
    join.bridge = network::bridge_name(paths_.scope_of(row->project), row->name);
    join.reach = row->internal ? network::Reach::Internal : network::Reach::Outside;
    join.mac = network::MacAddress::parse(lease.mac);
    for (const auto& plan : plans_of(*row)) {
      const auto& text = plan.subnet.family() == network::Family::V4 ? lease.address_v4 : lease.address_v6;
      if (!text) continue;
      join.addresses.push_back({parse_address(*text), plan.subnet.prefix()});
      join.gateways.push_back(plan.gateway);
    }
    for (const auto& wish : record.spec.attachments) {
      if (wish.network != row->name) continue;
      if (!wish.interface_name.empty()) join.interface = wish.interface_name;
      join.priority = wish.priority;
      join.gateway_priority = wish.gw_priority;
    }
    joins.push_back(std::move(join));
  }
  return joins;
}

Task<void> NetworkHost::connect(RecordPtr record, Fd namespace_fd) {
  NetworkRun& run = record->network;
  run.netns = std::move(namespace_fd);
  connected_[record->id()] = record;
  if (!run.netns) co_return;
  keeper_.put(record->run_prefix() + "netns", run.netns.get());
  if (!uses_dns(record->spec)) co_return;
  lease_addresses(*record);
  run.leases = state::Networks(database_).leases_of(record->id());
  std::vector<network::Attachment> attachments =
      network::plan_interfaces(paths_.scope(), record->id().str(), joins(*record));
  for (const auto& attachment : attachments) run.host_links.push_back(attachment.host_link);
  co_await attach(record, std::move(attachments));
}

Task<void> NetworkHost::attach(RecordPtr record, std::vector<network::Attachment> attachments) {
  const auto waiting = std::make_shared<Waiting>();
  waiting->record = std::move(record);
  waiting->attachments = std::move(attachments);
  to_attach_.push_back(waiting);
  if (!attaching_) {
    attaching_ = true;
    const auto executor = context_.get_executor();
    co_await asio::post(executor, asio::use_awaitable);  // others that are ready now come along
    attach_batch();
    attaching_ = false;
    attached_.notify();
  }
  while (!waiting->done) co_await attached_.wait();
  if (waiting->error) std::rethrow_exception(waiting->error);
}

void NetworkHost::attach_batch() {
  const std::vector<std::shared_ptr<Waiting>> batch = std::exchange(to_attach_, {});
  std::vector<network::NamespaceAttachments> namespaces;
  std::vector<int> fds;
  for (const auto& waiting : batch) {
    fds.push_back(waiting->record->network.netns.get());
    namespaces.push_back({fds.back(), waiting->attachments});
  }
  try {
    network::attach(namespaces);
    std::vector<dns::ServerSockets> sockets = dns::open_server_sockets(fds);
    for (std::size_t i = 0; i < batch.size(); ++i) {
      serve_dns(*batch[i]->record, std::move(sockets[i]));
      batch[i]->done = true;
    }
  } catch (const std::exception&) {
    // One of them is to blame: each for itself, so that the others are made and the error has an owner.
    for (const auto& waiting : batch)
      if (!waiting->done) attach_one(*waiting);
  }
}

void NetworkHost::attach_one(Waiting& waiting) {
  try {
    network::remove_links(waiting.record->network.host_links);
    const int netns = waiting.record->network.netns.get();
    network::attach({{netns, waiting.attachments}});
    serve_dns(*waiting.record, dns::open_server_sockets(netns));
  } catch (...) {
    waiting.error = std::current_exception();
  }
  waiting.done = true;
}

void NetworkHost::serve_dns(Record& record, dns::ServerSockets sockets) {
  keeper_.put(record.run_prefix() + "dns-udp", sockets.udp.get());
  keeper_.put(record.run_prefix() + "dns-tcp", sockets.tcp.get());
  dns::Asker asker;
  state::Networks networks(database_);
  for (const auto& lease : record.network.leases)
    if (const auto row = networks.find(lease.network_id)) asker.networks.push_back(row->name);
  for (const auto& link : record.spec.links) asker.links.emplace_back(link.alias, link.container_or_service);
  dns::ServiceDns service;
  for (const auto& server : record.spec.dns) service.servers.push_back(parse_address(server));
  std::vector<dns::Upstream> upstreams;
  for (const auto& server : dns::upstream_servers(host_resolv_, service)) upstreams.push_back({server, 53});
  dns_.serve(record.id().str(), std::move(sockets), std::move(asker), std::move(upstreams));
  record.network.serves_dns = true;
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
      endpoints.push_back(endpoint_of(network, id, record->row.name, record->spec.attachments, lease.address_v4, lease.address_v6));
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
          neighbour.container, before != known.end()
                                   ? before->second
                                   : engine::container_spec_from_json(neighbour.spec_json).attachments);
      endpoints.push_back(endpoint_of(network, neighbour.container, neighbour.name, wishes->second, neighbour.address_v4,
                                      neighbour.address_v6));
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

std::optional<std::string> NetworkHost::host_gateway(const Record& record) {
  state::Networks networks(database_);
  for (const auto& lease : record.network.leases) {
    const auto row = networks.find(lease.network_id);
    if (row && row->gateway_v4) return row->gateway_v4;
  }
  return std::nullopt;
}

std::string NetworkHost::resolv_conf(const engine::ContainerSpec& spec) const {
  dns::ServiceDns service;
  for (const auto& server : spec.dns) service.servers.push_back(parse_address(server));
  service.search = spec.dns_search;
  service.options = spec.dns_options;
  return uses_dns(spec) ? dns::container_resolv_conf(host_resolv_, service)
                        : dns::host_network_resolv_conf(host_resolv_, service);
}

std::optional<network::IpAddress> NetworkHost::target(const Record& record, network::Family family) const {
  for (const auto& address : addresses(record))
    if (address.family() == family) return address;
  return std::nullopt;
}

std::vector<network::Publication> NetworkHost::rules_of(const Record& record,
                                                        const std::vector<network::PortReservation>& ports) const {
  std::vector<network::Publication> publications;
  for (const auto& port : ports) {
    // Two sockets stand for "all addresses"; then the rule names none.
    network::PortRequest request;
    request.container = port.container_port;
    request.protocol = port.protocol;
    const bool any = std::all_of(port.sockets.begin(), port.sockets.end(), [](const auto& s) { return s.host_ip.is_any(); });
    if (!any && !port.sockets.empty()) request.host_ip = port.sockets.front().host_ip;
    network::Publication publication{request, port.host_port, {}};
    for (const auto family : {network::Family::V4, network::Family::V6})
      if (const auto address = target(record, family)) publication.targets.push_back(*address);
    publications.push_back(std::move(publication));
  }
  return publications;
}

void NetworkHost::forward(Record& record, std::vector<network::PortReservation> ports) {
  for (auto& port : ports) {
    for (const auto& socket : port.sockets)
      record.network.ports.push_back({socket.host_ip.to_string(), port.host_port, port.container_port,
                                      std::string(network::to_string(port.protocol))});
    auto address = target(record, network::Family::V4);
    if (!address) address = target(record, network::Family::V6);
    if (!address) continue;
    const network::ForwardTarget where{*address, port.container_port};
    record.network.forwarders.push_back(std::make_unique<network::PortForwarder>(context_, std::move(port), where));
  }
}

Task<void> NetworkHost::publish(RecordPtr record, std::vector<network::PortReservation> ports) {
  std::vector<network::Publication> rules = rules_of(*record, ports);
  if (!rules.empty()) {
    record->network.publishes = true;
    co_await change_rules(record->id().str(), std::move(rules));
  }
  open_up(*record, std::move(ports));
}

void NetworkHost::open_up(Record& record, std::vector<network::PortReservation> ports) {
  forward(record, std::move(ports));
  if (record.network.serves_dns) update_names();
}

namespace {

/// Back from "port/8080/80/tcp/0.0.0.0".
void add_held_port(std::vector<network::PortReservation>& ports, std::string_view name, Fd fd) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('/', begin), name.size());
    parts.emplace_back(name.substr(begin, end - begin));
    begin = end + 1;
  }
  if (parts.size() != 5) return;
  const auto address = network::IpAddress::parse(parts[4]);
  if (!address) return;
  const auto host_port = static_cast<std::uint16_t>(std::strtoul(parts[1].c_str(), nullptr, 10));
  const auto container_port = static_cast<std::uint16_t>(std::strtoul(parts[2].c_str(), nullptr, 10));
  const auto protocol = parts[3] == "udp" ? network::Protocol::Udp : network::Protocol::Tcp;
  for (auto& port : ports) {
    if (port.host_port == host_port && port.container_port == container_port && port.protocol == protocol) {
      port.sockets.push_back({*address, std::move(fd)});
      return;
    }
  }
  network::PortReservation port{host_port, container_port, protocol, {}};
  port.sockets.push_back({*address, std::move(fd)});
  ports.push_back(std::move(port));
}

}  // namespace

void NetworkHost::resume(RecordPtr owner, std::map<std::string, Fd>& held) {
  Record& record = *owner;
  const std::string prefix = record.run_prefix();
  connected_[record.id()] = owner;
  NetworkRun& run = record.network;
  run.netns = std::move(held[prefix + "netns"]);
  run.leases = state::Networks(database_).leases_of(record.id());
  for (const auto& attachment : network::plan_interfaces(paths_.scope(), record.id().str(), joins(record)))
    run.host_links.push_back(attachment.host_link);
  Fd udp = std::move(held[prefix + "dns-udp"]);
  Fd tcp = std::move(held[prefix + "dns-tcp"]);
  if (udp && tcp) serve_dns(record, {std::move(udp), std::move(tcp)});
  std::vector<network::PortReservation> ports;
  for (auto& [name, fd] : held)
    if (name.starts_with(prefix + "port/") && fd)
      add_held_port(ports, std::string_view(name).substr(prefix.size()), std::move(fd));
  if (std::vector<network::Publication> rules = rules_of(record, ports); !rules.empty()) {
    record.network.publishes = true;
    resumed_[record.id().str()] = std::move(rules);
  }
  open_up(record, std::move(ports));
}

Task<void> NetworkHost::disconnect(RecordPtr record, Leases leases) {
  NetworkRun run = std::exchange(record->network, NetworkRun{});
  connected_.erase(record->id());
  if (run.serves_dns) {
    dns_.forget(record->id().str());
    update_names();
  }
  run.forwarders.clear();
  TaskGroup group(context_.get_executor());
  if (run.publishes) group.spawn(change_rules(record->id().str(), {}));
  if (!run.host_links.empty()) group.spawn(remove_links(std::move(run.host_links)));
  co_await group.join();
  if (leases == Leases::Release) state::Networks(database_).release_all(record->id());
}

Task<void> NetworkHost::remove_links(std::vector<std::string> names) {
  to_remove_.insert(to_remove_.end(), names.begin(), names.end());
  if (removing_) {
    // The one that removes right now took the list before us; the next one takes ours.
    while (removing_) co_await removed_.wait();
    if (to_remove_.empty()) co_return;
  }
  removing_ = true;
  const auto executor = context_.get_executor();
  co_await asio::post(executor, asio::use_awaitable);
  const std::vector<std::string> batch = std::exchange(to_remove_, {});
  std::exception_ptr failure;
  std::function<void()> work = [&batch] { network::remove_links(batch); };
  try {
    co_await pool_.run(std::move(work));
  } catch (...) {
    failure = std::current_exception();
  }
  removing_ = false;
  removed_.notify();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace davit::embedded
