// The seam's view of the rows: shared by the supervisor and by a client that finds none.

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>

#include "davit/logs/rotation.hpp"
#include "davit/state/networks.hpp"
#include "davit/state/volumes.hpp"
#include "embedded/project_engine.hpp"

namespace davit::embedded {
namespace {

namespace json = boost::json;

engine::WallTime wall(state::WallTime time) {
  return engine::WallTime(std::chrono::nanoseconds(time));
}

std::int64_t nanoseconds(std::chrono::system_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

engine::Health health_of(health::Status status) {
  switch (status) {
    case health::Status::Starting:
      return engine::Health::Starting;
    case health::Status::Healthy:
      return engine::Health::Healthy;
    case health::Status::Unhealthy:
      return engine::Health::Unhealthy;
  }
  return engine::Health::None;
}

engine::ContainerState state_of(state::ContainerState state) {
  switch (state) {
    case state::ContainerState::Created:
      return engine::ContainerState::Created;
    case state::ContainerState::Running:
      return engine::ContainerState::Running;
    case state::ContainerState::Paused:
      return engine::ContainerState::Paused;
    case state::ContainerState::Restarting:
      return engine::ContainerState::Restarting;
    case state::ContainerState::Exited:
      return engine::ContainerState::Exited;
    case state::ContainerState::Dead:
      return engine::ContainerState::Dead;
  }
  return engine::ContainerState::Dead;
}

/// The file being written: the highest number.
std::string current_log(const std::string& folder) {
  std::uint64_t newest = 1;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error))
    if (const auto number = logs::log_file_number(entry.path().filename().string())) newest = std::max(newest, *number);
  return folder + "/" + logs::log_file_name(newest);
}

/// A JSON string must be UTF-8; what a probe prints need not be.
std::string printable(const std::string& text) {
  std::string out;
  for (const char c : text) out += static_cast<unsigned char>(c) < 0x80 ? c : '?';
  return out;
}

bool is_utf8(const std::string& text) {
  boost::system::error_code error;
  json::parse(json::serialize(json::string(text)), error);  // the one passes any byte on, the other does not
  return !error;
}

}  // namespace

std::string health_to_json(const health::HealthState& state) {
  json::array probes;
  for (const auto& result : state.results())
    probes.push_back(json::object{{"exit_code", result.exit_code},
                                  {"output", is_utf8(result.output) ? result.output : printable(result.output)},
                                  {"start", nanoseconds(result.started)},
                                  {"end", nanoseconds(result.ended)}});
  return json::serialize(json::object{{"status", health::name(state.status())},
                                      {"failing_streak", state.failing_streak()},
                                      {"probes", std::move(probes)}});
}

std::optional<StoredHealth> health_from_json(const std::string& text) {
  if (text.empty()) return std::nullopt;
  boost::system::error_code error;
  const json::value value = json::parse(text, error);
  if (error || !value.is_object()) return std::nullopt;
  StoredHealth out;
  try {
    const json::object& object = value.as_object();
    out.snapshot.status =
        health::parse_status(std::string(object.at("status").as_string())).value_or(health::Status::Starting);
    out.snapshot.failing_streak = object.at("failing_streak").to_number<int>();
    for (const auto& item : object.at("probes").as_array()) {
      const json::object& probe = item.as_object();
      out.probes.push_back({probe.at("exit_code").to_number<int>(), std::string(probe.at("output").as_string()),
                            wall(probe.at("start").to_number<std::int64_t>()),
                            wall(probe.at("end").to_number<std::int64_t>())});
    }
  } catch (const std::exception&) {
    return std::nullopt;  // edited by hand: the next probe writes it anew
  }
  return out;
}

engine::ObservedContainer observed_from(const state::Container& row, const engine::ContainerSpec& spec,
                                        const Paths& paths) {
  engine::ObservedContainer out;
  out.id = row.id;
  out.name = row.name;
  out.project = row.project;
  out.service = row.service;
  out.number = row.number;
  out.one_off = row.oneoff;
  out.image = row.image;
  out.image_name = spec.image_name;
  out.labels = row.labels;
  out.command = spec.args;
  out.state = state_of(row.state);
  if (const auto health = health_from_json(row.health_json)) {
    out.health = health_of(health->snapshot.status);
    out.probes = health->probes;
  }
  out.exit_code = row.exit_code.value_or(0);
  out.oom_killed = row.oom_killed;
  out.error = row.error;
  out.restart_count = row.restart_count;
  out.pid = row.pid;
  out.created = wall(row.created);
  out.started = wall(row.started);
  out.finished = wall(row.finished);
  out.mounts = spec.mounts;
  out.log_path = current_log(paths.logs(row.id));
  out.tty = spec.tty;
  return out;
}

engine::ObservedNetwork observed_from(const state::Network& row) {
  return {row.name, row.key, row.project, row.config_hash, row.labels};
}

engine::ObservedVolume observed_from(const state::Volume& row) {
  return {row.name, row.key, row.project, row.config_hash, row.anonymous, row.labels};
}

void observe_resources(state::Database& database, const std::string& project, engine::Observed& out) {
  state::Networks networks(database);
  for (const auto& row : networks.of_project(project)) {
    out.networks.push_back(observed_from(row));
    out.networks.back().users_elsewhere = networks.users_elsewhere(row.id, project);
  }
  for (const auto& row : state::Volumes(database).of_project(project)) out.volumes.push_back(observed_from(row));
}

std::vector<engine::ObservedNetworkAttachment> observed_attachments(state::Database& database,
                                                                    const state::Container& row,
                                                                    const engine::ContainerSpec& spec) {
  std::vector<engine::ObservedNetworkAttachment> out;
  state::Networks networks(database);
  const std::vector<state::Lease> leases = networks.leases_of(row.id);
  for (const auto& wish : spec.attachments) {
    engine::ObservedNetworkAttachment attachment;
    attachment.network = wish.network;
    attachment.aliases = wish.aliases;
    if (const auto network = networks.find_by_name(wish.network)) {
      for (const auto& lease : leases) {
        if (lease.network_id != network->id) continue;
        attachment.ipv4_address = lease.address_v4.value_or("");
        attachment.ipv6_address = lease.address_v6.value_or("");
        attachment.mac_address = lease.mac;
      }
    }
    out.push_back(std::move(attachment));
  }
  return out;
}

engine::Observed ProjectEngine::observe() {
  engine::Observed out;
  for (const auto& [id, record] : records_) {
    engine::ObservedContainer container = observed_from(record->row, record->spec, paths_);
    container.ports = record->network.ports;
    container.networks = observed_attachments(database_, record->row, record->spec);
    out.containers.push_back(std::move(container));
  }
  std::sort(out.containers.begin(), out.containers.end(), [](const auto& a, const auto& b) {
    return std::tie(a.service, a.number, a.created) < std::tie(b.service, b.number, b.created);
  });
  observe_resources(database_, paths_.project, out);
  return out;
}

}  // namespace davit::embedded
