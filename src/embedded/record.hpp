#pragma once
// One container in the supervisor's hands.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "davit/async/event.hpp"
#include "davit/engine/observed.hpp"
#include "davit/health/health.hpp"
#include "davit/logs/pump_driver.hpp"
#include "davit/network/port_forwarder.hpp"
#include "davit/network/ports.hpp"
#include "davit/process/pidfd.hpp"
#include "davit/schedule/restart_policy.hpp"
#include "davit/state/containers.hpp"
#include "davit/state/networks.hpp"
#include "embedded/gate.hpp"

namespace davit::embedded {

/// The network side of a run.
struct NetworkRun {
  Fd netns;  ///< invalid when it shares another one
  std::vector<state::Lease> leases;
  std::vector<std::string> host_links;
  std::vector<engine::PublishedPort> ports;
  std::vector<std::unique_ptr<network::PortForwarder>> forwarders;
  bool serves_dns = false;
  bool publishes = false;
};

/// One probing loop; a new run of the container gets a new one.
struct HealthRun {
  HealthRun(health::ProbeSettings settings, health::Snapshot snapshot, asio::any_io_executor executor)
      : state(settings, snapshot), wake(std::move(executor)) {}
  health::HealthState state;
  std::optional<health::Time> probe_at;
  std::optional<health::Status> untold;  ///< a change that the journal does not have yet
  Event wake;                            ///< probe_at has changed, or stopped has
  bool stopped = false;
};

struct Record {
  /// What of a run exists. The state for people is in the row.
  enum class Phase { Idle, Starting, Up, Ending };

  Record(state::Container r, engine::ContainerSpec s, asio::any_io_executor executor)
      : row(std::move(r)),
        spec(std::move(s)),
        busy(executor, 1),
        changed(executor),
        policy(spec.restart, row.restart_count) {}

  state::Container row;  ///< as in the database, but for what is unwritten
  engine::ContainerSpec spec;
  Gate busy;      ///< one operation at a time
  Event changed;  ///< phase or row has changed
  Phase phase = Phase::Idle;
  schedule::RestartPolicy policy;
  std::uint64_t run = 0;  ///< counts runs and stop requests: a pending restart of an earlier one means nothing
  bool removed = false;
  std::optional<std::pair<unsigned, unsigned>> terminal_size;  ///< columns and rows, when somebody has asked for them

  /// What has happened and could not be written (a full disk). It goes with the next change that can.
  struct Unwritten {
    std::string action;
    std::map<std::string, std::string> attributes;
    std::string cause;
    int exited = 0;  ///< the process whose exit the keeper may forget then
  };
  std::vector<Unwritten> unwritten;

  // of the run
  std::optional<process::PidFd> process;
  Fd stdin_end;
  Fd terminal;
  NetworkRun network;
  std::shared_ptr<davit::logs::PumpDriver> logs;
  std::shared_ptr<HealthRun> health;

  [[nodiscard]] const ContainerId& id() const { return row.id; }
  [[nodiscard]] bool is_running() const {
    return row.state == state::ContainerState::Running || row.state == state::ContainerState::Paused;
  }
  /// Names of what the keeper holds for a run, and for as long as the container exists.
  [[nodiscard]] std::string run_prefix() const { return "c/" + row.id.str() + "/"; }
  [[nodiscard]] std::string file_prefix() const { return "f/" + row.id.str() + "/"; }
};

using RecordPtr = std::shared_ptr<Record>;

}  // namespace davit::embedded
