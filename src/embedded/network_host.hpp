#pragma once
// The networks of the project and what each running container has of them: namespace, addresses, names, ports.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "davit/async/offload.hpp"
#include "davit/async/task.hpp"
#include "davit/dns/names.hpp"
#include "davit/dns/server.hpp"
#include "davit/engine/resource_specs.hpp"
#include "davit/network/interfaces.hpp"
#include "davit/network/links.hpp"
#include "davit/network/project_network.hpp"
#include "davit/state/change_counter.hpp"
#include "embedded/gate.hpp"
#include "embedded/host_resolv_conf.hpp"
#include "embedded/paths.hpp"
#include "embedded/record.hpp"

namespace davit::embedded {

class KeeperLink;

class NetworkHost {
 public:
  /// `pool` is for what waits for the kernel: links, rules.
  NetworkHost(asio::io_context& context, state::Database& database, Paths paths, KeeperLink& keeper, WorkerPool& pool);

  /// Chooses subnets and writes the row (a transaction of its own). Throws Error for a taken name or subnet. Returns
  /// the row; one that is there already is returned as it is.
  state::Network insert(const engine::NetworkSpec& spec);
  /// Makes the bridge and rules of a row. Returns notices for the log.
  Task<std::vector<std::string>> raise(state::Network row);
  Task<void> lower(std::string name);

  /// Binds the published ports of the spec, all or none, and gives them to the keeper.
  [[nodiscard]] std::vector<network::PortReservation> reserve(const Record& record);
  /// Namespace, addresses, interfaces, DNS server. `namespace_fd` is empty for a container that has none of its own.
  Task<void> connect(RecordPtr record, Fd namespace_fd);
  /// Names, rules and forwarders: from here on the container can be reached.
  Task<void> publish(RecordPtr record, std::vector<network::PortReservation> ports);
  /// The same for a container that ran already, from what the keeper gave back; its rules come with restore().
  void resume(RecordPtr owner, std::map<std::string, Fd>& held);
  /// What a new supervisor says after resuming: all networks and rules, in one change.
  Task<std::vector<std::string>> restore(std::vector<state::Network> rows);
  /// Takes everything of a run away, as far as it exists. Addresses stay leased with `Keep`. Each part is tried,
  /// whatever becomes of the others; throws the first failure.
  enum class Leases { Keep, Release };
  Task<void> disconnect(RecordPtr record, Leases leases);

  /// A container has another name.
  void rename() {
    update_names();
    announce();
  }
  /// Which containers run, or their names, are different in the database now: other projects on the same networks look.
  void announce() { names_counter_.advance(); }
  /// Addresses of the container's own with the networks they are on, for /etc/hosts.
  [[nodiscard]] std::vector<network::IpAddress> addresses(const Record& record) const;
  /// The bridge's address: what "host-gateway" means. nullopt without a network.
  [[nodiscard]] std::optional<std::string> host_gateway(const Record& record) const;
  /// As the host's file is now.
  [[nodiscard]] std::string resolv_conf(const engine::ContainerSpec& spec);

 private:
  struct Waiting {
    RecordPtr record;
    std::vector<network::Attachment> attachments;
    std::exception_ptr error;
    bool done = false;
  };
  /// Links that are removed in one go.
  struct LinkBatch {
    std::vector<std::string> names;
    std::exception_ptr error;
    bool done = false;
  };
  /// Changes of rules that become one change of the firewall.
  struct RuleBatch {
    network::Publications changes;
    std::exception_ptr error;
    bool done = false;
  };

  [[nodiscard]] static bool uses_dns(const engine::ContainerSpec& spec);
  void lease_addresses(Record& record);
  [[nodiscard]] std::vector<state::Lease> leases_of(const Record& record) const;
  [[nodiscard]] std::vector<network::Join> joins(const Record& record) const;
  [[nodiscard]] std::vector<dns::Upstream> upstreams_of(const Record& record) const;
  Task<void> attach(RecordPtr record, std::vector<network::Attachment> attachments);
  void attach_batch();
  void attach_one(Waiting& waiting);
  Task<void> remove_links(std::vector<std::string> names);
  [[nodiscard]] static dns::ServerPlace dns_place(const Record& record);
  void serve_dns(Record& record, dns::ServerSockets sockets);
  void update_names();
  void look_at_neighbours() noexcept;
  void look_at_resolv_conf() noexcept;
  [[nodiscard]] std::vector<dns::Endpoint> neighbours(const std::map<std::string, std::string>& network_names);
  [[nodiscard]] std::vector<network::Publication> rules_of(const Record& record,
                                                           const std::vector<network::PortReservation>& ports) const;
  Task<void> change_rules(std::string container, std::vector<network::Publication> rules);
  Task<void> change(std::function<void()> work);
  void open_up(Record& record, std::vector<network::PortReservation> ports);
  void forward(Record& record, std::vector<network::PortReservation> ports);
  [[nodiscard]] std::vector<network::NeighbourPort> published_ports(const ContainerId& except) const;

  asio::io_context& context_;
  state::Database& database_;
  Paths paths_;
  KeeperLink& keeper_;
  WorkerPool& pool_;
  network::ProjectNetwork project_;
  Gate project_turn_;  ///< one call of project_ at a time
  std::shared_ptr<RuleBatch> next_rules_ = std::make_shared<RuleBatch>();
  network::Publications resumed_;  ///< until restore()
  state::ChangeCounter names_counter_;
  std::uint64_t names_seen_ = 0;  ///< the counter before the database was read for names
  std::map<ContainerId, std::vector<engine::Attachment>> neighbour_wishes_;
  dns::Server dns_;
  HostResolvConf host_resolv_;
  bool upstreams_are_old_ = false;  ///< a container may still ask servers that the host has no more
  std::map<ContainerId, RecordPtr> connected_;
  std::map<ContainerId, std::vector<network::NeighbourPort>> reserved_;  ///< of containers that start, or have started
  std::vector<std::shared_ptr<Waiting>> to_attach_;
  std::shared_ptr<LinkBatch> next_links_ = std::make_shared<LinkBatch>();
  bool attaching_ = false;
  bool removing_ = false;
  Event attached_;
  Event removed_;
};

}  // namespace davit::embedded
