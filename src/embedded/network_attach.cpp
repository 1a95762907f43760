// A container comes to its networks and leaves them: addresses, interfaces, and what a new supervisor takes over.

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "davit/async/task_group.hpp"
#include "davit/base/error.hpp"
#include "embedded/held_ports.hpp"
#include "embedded/keeper_link.hpp"
#include "embedded/network_host.hpp"
#include "embedded/network_rows.hpp"

namespace davit::embedded {
namespace {

/// Keeps what is thrown: the others are not cancelled by it, and what follows is done all the same.
Task<void> to_its_end(Task<void> task, std::exception_ptr& failure) {
  try {
    co_await std::move(task);
  } catch (...) {
    if (!failure) failure = std::current_exception();
  }
}

}  // namespace

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
      const auto allocate = [&] {
        if (!text.empty()) wanted = parse_address(text);
        return network::allocate_address(plan, used, wanted).value();
      };
      const network::IpAddress address = concerning(v4 ? "ipv4_address" : "ipv6_address", wish.network, allocate);
      (v4 ? lease.address_v4 : lease.address_v6) = address.to_string();
      if (!first) first = address;
    }
    lease.mac = !wish.mac_address.empty()
                    ? wish.mac_address
                    : network::MacAddress::from_address(first.value_or(network::IpAddress())).to_string();
    if (!networks.lease(lease))
      throw Error("an address of container '" + record.row.name + "' is in use already on network '" + wish.network +
                  "'");
  }
  transaction.commit();
}

/// In the order of the attachments, which is the order of the interfaces: ids of networks are random.
std::vector<state::Lease> NetworkHost::leases_of(const Record& record) const {
  state::Networks networks(database_);
  std::vector<state::Lease> leases = networks.leases_of(record.id());
  auto next = leases.begin();
  for (const auto& wish : record.spec.attachments) {
    const auto row = networks.find_by_name(wish.network);
    const auto found =
        std::find_if(next, leases.end(), [&](const state::Lease& l) { return row && l.network_id == row->id; });
    if (found != leases.end()) std::iter_swap(next++, found);
  }
  return leases;
}

std::vector<network::Join> NetworkHost::joins(const Record& record) const {
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
    join.mtu = description_of(*row).mtu;
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
  run.leases = leases_of(*record);
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
  std::vector<dns::ServerPlace> places;
  for (const auto& waiting : batch) {
    places.push_back(dns_place(*waiting->record));
    namespaces.push_back({places.back().netns, waiting->attachments});
  }
  try {
    network::attach(namespaces);
    std::vector<dns::ServerSockets> sockets = dns::open_server_sockets(places);
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
    serve_dns(*waiting.record, dns::open_server_sockets(dns_place(*waiting.record)));
  } catch (...) {
    waiting.error = std::current_exception();
  }
  waiting.done = true;
}

void NetworkHost::resume(RecordPtr owner, std::map<std::string, Fd>& held) {
  Record& record = *owner;
  const std::string prefix = record.run_prefix();
  connected_[record.id()] = owner;
  NetworkRun& run = record.network;
  run.netns = std::move(held[prefix + "netns"]);
  run.leases = leases_of(record);
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
  reserved_.erase(record->id());
  run.forwarders.clear();
  std::exception_ptr failure;
  if (run.serves_dns) {
    dns_.forget(record->id().str());
    try {
      update_names();
    } catch (...) {
      failure = std::current_exception();
    }
  }
  TaskGroup group(context_.get_executor());
  if (run.publishes) group.spawn(to_its_end(change_rules(record->id().str(), {}), failure));
  if (!run.host_links.empty()) group.spawn(to_its_end(remove_links(std::move(run.host_links)), failure));
  Task<void> joining = group.join();
  co_await to_its_end(std::move(joining), failure);
  // A lease that stayed would hold the address and the network for ever.
  if (leases == Leases::Release) state::Networks(database_).release_all(record->id());
  if (failure) std::rethrow_exception(failure);
}

/// What comes while one batch is removed becomes the next one; whoever is in a batch hears of its failure.
Task<void> NetworkHost::remove_links(std::vector<std::string> names) {
  // A batch is not of its remover alone: once here, it goes to its end.
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  const std::shared_ptr<LinkBatch> batch = next_links_;
  batch->names.insert(batch->names.end(), names.begin(), names.end());
  while (removing_ && !batch->done) co_await removed_.wait();
  if (!batch->done) {
    removing_ = true;
    const auto executor = context_.get_executor();
    co_await asio::post(executor, asio::use_awaitable);
    next_links_ = std::make_shared<LinkBatch>();
    std::function<void()> work = [batch] { network::remove_links(batch->names); };
    try {
      co_await pool_.run(std::move(work));
    } catch (...) {
      batch->error = std::current_exception();
    }
    batch->done = true;
    removing_ = false;
    removed_.notify();
  }
  if (batch->error) std::rethrow_exception(batch->error);
}

}  // namespace davit::embedded
