#include "embedded/network_host.hpp"

#include <fstream>
#include <iterator>

#include "davit/base/error.hpp"
#include "davit/network/firewall.hpp"
#include "davit/network/pools.hpp"
#include "embedded/network_rows.hpp"

namespace davit::embedded {
namespace {

std::string read_text(const char* path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

network::ProjectNetwork::FirewallUse firewall_use() {
  return network::Firewall::unavailable() ? network::ProjectNetwork::FirewallUse::None
                                          : network::ProjectNetwork::FirewallUse::Nftables;
}

}  // namespace

NetworkHost::NetworkHost(asio::io_context& context, state::Database& database, Paths paths, KeeperLink& keeper,
                         WorkerPool& pool)
    : context_(context),
      database_(database),
      paths_(std::move(paths)),
      keeper_(keeper),
      pool_(pool),
      project_(paths_.scope(), firewall_use()),
      project_turn_(context.get_executor(), 1),
      names_counter_(paths_.names_counter()),
      dns_(context),
      host_resolv_("/etc/resolv.conf"),
      attached_(context.get_executor()),
      removed_(context.get_executor()) {
  dns_.set_look([this] {
    look_at_neighbours();
    look_at_resolv_conf();
  });
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
  const std::vector<network::Pool> pools = network::default_pools(read_text("/etc/machine-id"));
  choose_subnets(row, spec, pools, network::taken_subnets(networks.subnets()));
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

bool NetworkHost::uses_dns(const engine::ContainerSpec& spec) {
  return (spec.network_mode.empty() || spec.network_mode == "bridge") && !spec.attachments.empty();
}

}  // namespace davit::embedded
