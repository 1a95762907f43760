#include "davit/state/networks.hpp"

#include "davit/base/error.hpp"
#include "state/json_columns.hpp"
#include "state/subnet_range.hpp"

namespace davit::state {
namespace {

#define DAVIT_NETWORK_COLUMNS                                                                                 \
  "id, name, project, key, driver, internal, labels, options, subnet_v4, gateway_v4, subnet_v6, gateway_v6, " \
  "config_hash, created"

Network read(const Statement& row) {
  Network n;
  n.id = row.text(0);
  n.name = row.text(1);
  n.project = row.text(2);
  n.key = row.text(3);
  n.driver = row.text(4);
  n.internal = row.boolean(5);
  n.labels = map_from_json(row.text(6));
  n.options = map_from_json(row.text(7));
  n.subnet_v4 = row.optional_text(8);
  n.gateway_v4 = row.optional_text(9);
  n.subnet_v6 = row.optional_text(10);
  n.gateway_v6 = row.optional_text(11);
  n.config_hash = row.text(12);
  n.created = row.integer(13);
  return n;
}

std::vector<Network> read_all(Statement rows) {
  std::vector<Network> networks;
  while (rows.step()) networks.push_back(read(rows));
  return networks;
}

std::vector<Lease> read_leases(Statement rows) {
  std::vector<Lease> leases;
  while (rows.step())
    leases.push_back(
        {rows.text(0), ContainerId(rows.text(1)), rows.optional_text(2), rows.optional_text(3), rows.text(4)});
  return leases;
}

std::optional<Network> overlapping(Database& database, const std::optional<std::string>& subnet, std::string_view sql) {
  if (!subnet) return std::nullopt;
  const SubnetRange range = subnet_range(*subnet);
  Statement rows = database.prepare(sql);
  rows.bind(Blob{range.last}, Blob{range.first});
  if (!rows.step()) return std::nullopt;
  return read(rows);
}

std::optional<Blob> end_of(const std::optional<std::string>& subnet, std::string SubnetRange::* which) {
  if (!subnet) return std::nullopt;
  return Blob{subnet_range(*subnet).*which};
}

}  // namespace

std::optional<NetworkConflict> Networks::insert(const Network& n) {
  using What = NetworkConflict::What;
  Transaction transaction(database_);
  if (auto holder = find_by_name(n.name)) return NetworkConflict{What::Name, std::move(*holder)};
  if (auto holder = overlapping(database_, n.subnet_v4,
                                "SELECT " DAVIT_NETWORK_COLUMNS
                                " FROM networks WHERE first_v4<=? AND last_v4>=? ORDER BY name LIMIT 1"))
    return NetworkConflict{What::Subnet, std::move(*holder)};
  if (auto holder = overlapping(database_, n.subnet_v6,
                                "SELECT " DAVIT_NETWORK_COLUMNS
                                " FROM networks WHERE first_v6<=? AND last_v6>=? ORDER BY name LIMIT 1"))
    return NetworkConflict{What::Subnet, std::move(*holder)};
  database_.run("INSERT INTO networks(" DAVIT_NETWORK_COLUMNS
                ", first_v4, last_v4, first_v6, last_v6) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                n.id, n.name, n.project, n.key, n.driver, n.internal, to_json(n.labels), to_json(n.options),
                n.subnet_v4, n.gateway_v4, n.subnet_v6, n.gateway_v6, n.config_hash, n.created,
                end_of(n.subnet_v4, &SubnetRange::first), end_of(n.subnet_v4, &SubnetRange::last),
                end_of(n.subnet_v6, &SubnetRange::first), end_of(n.subnet_v6, &SubnetRange::last));
  transaction.commit();
  return std::nullopt;
}

std::optional<Network> Networks::find(const std::string& id) {
  Statement rows = database_.prepare("SELECT " DAVIT_NETWORK_COLUMNS " FROM networks WHERE id=?");
  rows.bind(id);
  if (!rows.step()) return std::nullopt;
  return read(rows);
}

std::optional<Network> Networks::find_by_name(const std::string& name) {
  Statement rows = database_.prepare("SELECT " DAVIT_NETWORK_COLUMNS " FROM networks WHERE name=?");
  rows.bind(name);
  if (!rows.step()) return std::nullopt;
  return read(rows);
}

std::vector<Network> Networks::of_project(const std::string& project) {
  Statement rows = database_.prepare("SELECT " DAVIT_NETWORK_COLUMNS " FROM networks WHERE project=? ORDER BY name");
  rows.bind(project);
  return read_all(std::move(rows));
}

std::vector<Network> Networks::all() {
  return read_all(database_.prepare("SELECT " DAVIT_NETWORK_COLUMNS " FROM networks ORDER BY name"));
}

std::vector<std::string> Networks::subnets() {
  std::vector<std::string> out;
  for (const Network& row : all())
    for (const auto& subnet : {row.subnet_v4, row.subnet_v6})
      if (subnet) out.push_back(*subnet);
  return out;
}

void Networks::remove(const std::string& id) {
  database_.run("DELETE FROM networks WHERE id=?", id);
}

bool Networks::lease(const Lease& lease) {
  return database_.run(
             "INSERT INTO leases(network, container, address_v4, address_v6, mac) VALUES(?,?,?,?,?) "
             "ON CONFLICT DO NOTHING",
             lease.network_id, lease.container.str(), lease.address_v4, lease.address_v6, lease.mac) == 1;
}

std::vector<Lease> Networks::leases(const std::string& network_id) {
  Statement rows = database_.prepare(
      "SELECT network, container, address_v4, address_v6, mac FROM leases WHERE network=? ORDER BY container");
  rows.bind(network_id);
  return read_leases(std::move(rows));
}

std::vector<Lease> Networks::leases_of(const ContainerId& container) {
  Statement rows = database_.prepare(
      "SELECT network, container, address_v4, address_v6, mac FROM leases WHERE container=? ORDER BY network");
  rows.bind(container.str());
  return read_leases(std::move(rows));
}

std::vector<Neighbour> Networks::neighbours(const std::string& network_id, const std::string& project) {
  Statement rows = database_.prepare(
      "SELECT c.id, c.name, c.spec, l.address_v4, l.address_v6 FROM leases l JOIN containers c ON c.id=l.container "
      "WHERE l.network=? AND c.project<>? AND c.state IN ('running', 'paused') ORDER BY c.id");
  rows.bind(network_id, project);
  std::vector<Neighbour> neighbours;
  while (rows.step())
    neighbours.push_back(
        {ContainerId(rows.text(0)), rows.text(1), rows.text(2), rows.optional_text(3), rows.optional_text(4)});
  return neighbours;
}

std::vector<std::string> Networks::users_elsewhere(const std::string& network_id, const std::string& project) {
  Statement rows = database_.prepare(
      "SELECT c.name FROM leases l JOIN containers c ON c.id=l.container WHERE l.network=? AND c.project<>? ORDER BY "
      "c.name");
  rows.bind(network_id, project);
  std::vector<std::string> names;
  while (rows.step()) names.push_back(rows.text(0));
  return names;
}

void Networks::release(const std::string& network_id, const ContainerId& container) {
  database_.run("DELETE FROM leases WHERE network=? AND container=?", network_id, container.str());
}

void Networks::release_all(const ContainerId& container) {
  database_.run("DELETE FROM leases WHERE container=?", container.str());
}

}  // namespace davit::state
