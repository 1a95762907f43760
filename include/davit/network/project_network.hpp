#pragma once
// The networks of one project on this host, as the engine uses them: bridges, attachments, published ports, firewall.
// Holds no truth of its own: after a restart the engine says again what there is, and every call is idempotent.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "davit/network/firewall.hpp"
#include "davit/network/interfaces.hpp"
#include "davit/network/links.hpp"
#include "davit/network/pools.hpp"
#include "davit/network/ports.hpp"

namespace davit::network {

struct NetworkDescription {
  std::string name;
  std::vector<SubnetPlan> subnets;  ///< at most one a family
  Reach reach = Reach::Outside;
  std::uint32_t mtu = 0;
};

/// A published port and the container it leads to.
struct Publication {
  PortRequest request;
  std::uint16_t host_port = 0;
  std::vector<IpAddress> targets;  ///< the container's addresses, at most one a family
};

/// Published ports by container.
using Publications = std::map<std::string, std::vector<Publication>>;

/// Not thread-safe, but bound to no thread: one call at a time, from any.
class ProjectNetwork {
 public:
  enum class FirewallUse { Nftables, None };

  ProjectNetwork(Scope scope, FirewallUse use);
  /// Leaves everything as it is.
  ~ProjectNetwork();
  ProjectNetwork(const ProjectNetwork&) = delete;
  ProjectNetwork& operator=(const ProjectNetwork&) = delete;

  /// The bridge of a network of this project.
  [[nodiscard]] std::string bridge(const std::string& network) const { return bridge_name(scope_, network); }

  /// What a new supervisor says first: everything that is there, in one firewall change, so that no port and no
  /// isolation is missing for a moment. Bridges that are gone are made again. Returns notices as create_network does.
  std::vector<std::string> restore(const std::vector<NetworkDescription>& networks,
                                   const Publications& ports_by_container);

  /// Makes the bridge and its rules; turns on forwarding when it is off. Returns notices for the user (such as
  /// forwarding that was turned on). Also takes up a network that exists already. After an error nothing is left of it.
  std::vector<std::string> create_network(const NetworkDescription& network);
  /// Removes the bridge, what is attached to it, and its rules.
  void remove_network(const std::string& network);

  /// One firewall change for all ports of these containers; replaces what each had (nothing, for one without ports).
  /// Throws Error; then the old rules stand.
  void publish(const Publications& by_container);

  /// See Firewall::take_retired.
  [[nodiscard]] std::shared_ptr<void> take_retired();

  [[nodiscard]] const Scope& scope() const { return scope_; }

 private:
  [[nodiscard]] std::vector<std::string> let_out(const NetworkDescription& network) const;
  void apply_firewall();
  void take_back(const std::string& network);
  Scope scope_;
  std::unique_ptr<Firewall> firewall_;  // none where nftables cannot be used
  std::map<std::string, FirewallNetwork> networks_;
  std::map<std::string, std::vector<FirewallPort>> ports_;
};

/// Builds use a project name that no project can have, such as ".build-<id>", so that their leftovers are found the
/// same way. Removes every link and firewall rule of a project, found by alias and name. Returns what it removed, in
/// words.
std::vector<std::string> cleanup_leftovers(const Scope& scope);

}  // namespace davit::network
