#pragma once
// Networks and the addresses leased in them. Two supervisors never get the same subnet or address: the unique
// constraints refuse the second one.

#include <optional>
#include <string>
#include <vector>

#include "davit/base/strong.hpp"
#include "davit/state/database.hpp"
#include "davit/state/values.hpp"

namespace davit::state {

struct Network {
  std::string id;    ///< 64 hex digits
  std::string name;  ///< unique in the data root, such as "shop_default"
  std::string project;
  std::string key;  ///< its name in the Compose file
  std::string driver = "bridge";
  bool internal = false;
  StringMap labels;
  StringMap options;
  std::optional<std::string> subnet_v4;  ///< "10.89.3.0/24"
  std::optional<std::string> gateway_v4;
  std::optional<std::string> subnet_v6;
  std::optional<std::string> gateway_v6;
  std::string config_hash;
  WallTime created = 0;

  friend bool operator==(const Network&, const Network&) = default;
};

struct Lease {
  std::string network_id;
  ContainerId container;
  std::optional<std::string> address_v4;  ///< without prefix length
  std::optional<std::string> address_v6;
  std::string mac;

  friend bool operator==(const Lease&, const Lease&) = default;
};

/// A running container of another project on a network.
struct Neighbour {
  ContainerId container;
  std::string name;
  std::string spec_json;
  std::optional<std::string> address_v4;
  std::optional<std::string> address_v6;

  friend bool operator==(const Neighbour&, const Neighbour&) = default;
};

/// Why a network cannot be added.
struct NetworkConflict {
  enum class What { Name, Subnet };
  What what = What::Name;
  Network holder;  ///< the network that has the name, or whose subnet overlaps
};

class Networks {
 public:
  explicit Networks(Database& database) : database_(database) {}

  /// Adds the network unless its name is taken or a subnet overlaps one of another network. nullopt means added.
  /// To choose a free subnet: begin a Transaction, look at all(), insert, commit.
  [[nodiscard]] std::optional<NetworkConflict> insert(const Network& network);
  [[nodiscard]] std::optional<Network> find(const std::string& id);
  [[nodiscard]] std::optional<Network> find_by_name(const std::string& name);
  /// By name.
  [[nodiscard]] std::vector<Network> of_project(const std::string& project);
  [[nodiscard]] std::vector<Network> all();
  /// Of all networks, of both families, as text.
  [[nodiscard]] std::vector<std::string> subnets();
  /// Its leases go with it.
  void remove(const std::string& id);

  /// False when an address or the MAC is leased already, or the container has a lease in this network.
  [[nodiscard]] bool lease(const Lease& lease);
  [[nodiscard]] std::vector<Lease> leases(const std::string& network_id);
  [[nodiscard]] std::vector<Lease> leases_of(const ContainerId& container);
  /// Those that run (or are paused) and do not belong to `project`, by container.
  [[nodiscard]] std::vector<Neighbour> neighbours(const std::string& network_id, const std::string& project);
  /// Names of the containers that have a lease and do not belong to `project`, sorted.
  [[nodiscard]] std::vector<std::string> users_elsewhere(const std::string& network_id, const std::string& project);
  void release(const std::string& network_id, const ContainerId& container);
  void release_all(const ContainerId& container);

 private:
  Database& database_;
};

}  // namespace davit::state
