#pragma once
// What an engine reports: containers, networks and volumes of a project at one moment, and changes as they happen.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "davit/base/strong.hpp"
#include "davit/engine/container_spec.hpp"

namespace davit::engine {

using WallTime = std::chrono::sys_time<std::chrono::nanoseconds>;

enum class ContainerState { Created, Running, Paused, Restarting, Exited, Dead };
enum class Health { None, Starting, Healthy, Unhealthy };

[[nodiscard]] std::string_view to_string(ContainerState state);  ///< "created", as docker prints it
[[nodiscard]] std::string_view to_string(Health health);         ///< "healthy"; "" for None

struct ProbeResult {
  int exit_code = 0;
  std::string output;  ///< at most 4096 bytes
  WallTime start;
  WallTime end;
  friend bool operator==(const ProbeResult&, const ProbeResult&) = default;
};

/// A port as it is really published.
struct PublishedPort {
  std::string host_ip;  ///< "0.0.0.0" or "::" when bound to all
  std::uint16_t host_port = 0;
  std::uint16_t container_port = 0;
  std::string protocol;
  friend bool operator==(const PublishedPort&, const PublishedPort&) = default;
};

struct ObservedNetworkAttachment {
  std::string network;
  std::string ipv4_address;
  std::string ipv6_address;
  std::string mac_address;
  std::vector<std::string> aliases;
  friend bool operator==(const ObservedNetworkAttachment&, const ObservedNetworkAttachment&) = default;
};

struct ObservedContainer {
  ContainerId id;
  std::string name;
  std::string project;
  std::string service;
  int number = 1;
  bool one_off = false;
  ImageId image;
  std::string image_name;
  std::map<std::string, std::string> labels;
  std::vector<std::string> command;  ///< args
  ContainerState state = ContainerState::Created;
  Health health = Health::None;
  std::vector<ProbeResult> probes;  ///< the last five, oldest first
  int exit_code = 0;
  bool oom_killed = false;
  std::string error;  ///< why it could not start, if so
  int restart_count = 0;
  std::int64_t pid = 0;  ///< on the host; 0 when not running
  WallTime created;
  WallTime started;
  WallTime finished;
  std::vector<PublishedPort> ports;
  std::vector<ObservedNetworkAttachment> networks;
  std::vector<Mount> mounts;  ///< volumes with their real names, anonymous ones too
  std::string log_path;       ///< the current log file
  bool tty = false;
  /// Supervisor and keeper were killed, and its process still runs: nobody looks after it, and the next change of the
  /// project ends it. For every command it counts as exited.
  bool unsupervised = false;
  friend bool operator==(const ObservedContainer&, const ObservedContainer&) = default;
};

struct ObservedNetwork {
  std::string name;
  std::string key;  ///< label com.docker.compose.network
  std::string project;
  std::string config_hash;
  std::map<std::string, std::string> labels;
  std::vector<std::string> users_elsewhere;  ///< names of other projects' containers that have an address on it
  friend bool operator==(const ObservedNetwork&, const ObservedNetwork&) = default;
};

struct ObservedVolume {
  std::string name;
  std::string key;
  std::string project;
  std::string config_hash;
  bool anonymous = false;
  std::map<std::string, std::string> labels;
  friend bool operator==(const ObservedVolume&, const ObservedVolume&) = default;
};

/// One moment of one project, taken together.
struct Observed {
  std::vector<ObservedContainer> containers;  ///< by service, then number
  std::vector<ObservedNetwork> networks;      ///< of the project
  std::vector<ObservedVolume> volumes;        ///< of the project
  friend bool operator==(const Observed&, const Observed&) = default;
};

/// One change, from the journal.
struct Event {
  std::int64_t id = 0;  ///< grows; `since` of Engine::next_events
  WallTime time;
  std::string type;       ///< "container", "network", "volume", "supervisor"
  std::string action;     ///< docker's words: create, start, die, stop, kill, restart, oom, health_status: healthy,
                          ///< destroy, connect, ...
  std::string container;  ///< id
  std::string name;
  std::string service;
  /// exitCode and signal; "restarting" is there at a `die` or `start-failed` after which the restart policy starts the
  /// container again.
  std::map<std::string, std::string> attributes;
  std::string cause;  ///< what led to it
  friend bool operator==(const Event&, const Event&) = default;
};

[[nodiscard]] std::string to_json(const Observed& observed);
[[nodiscard]] Observed observed_from_json(const std::string& text);
[[nodiscard]] std::string to_json(const std::vector<Event>& events);
[[nodiscard]] std::vector<Event> events_from_json(const std::string& text);

}  // namespace davit::engine
