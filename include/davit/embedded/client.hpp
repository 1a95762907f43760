#pragma once
// The engine without a daemon, as seen by a command: talks to the project's supervisor, and starts it when needed.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "davit/async/task.hpp"
#include "davit/async/timers.hpp"
#include "davit/base/fd.hpp"
#include "davit/embedded/options.hpp"
#include "davit/engine/engine.hpp"

namespace davit::embedded {

/// A program to run in a running container with the caller's own streams.
struct ExecRequest {
  std::vector<std::string> args;
  std::vector<std::pair<std::string, std::string>> env;
  std::vector<std::string> env_removed{};  ///< names of the container's variables that it does not get
  std::string working_dir;                 ///< empty: the container's
  std::string user;                        ///< empty: the container's
  bool tty = false;
  bool privileged = false;
  std::optional<std::pair<unsigned, unsigned>> console_size;  ///< columns, rows
};

/// Bytes for a container's standard input. Closing it closes the program's stdin (unless it has a terminal).
class StdinStream {
 public:
  virtual ~StdinStream() = default;
  /// Ends when all is handed over. Throws Error when the container has ended.
  virtual Task<void> write(std::string bytes) = 0;
  /// No more input follows.
  virtual Task<void> close() = 0;
};

/// What a command does to its project, for its place among others: see EmbeddedEngine::take_turn().
enum class Turn { Raise, Lower };

/// Operations that change something start keeper and supervisor when there are none, under the project's lock, so any
/// number of commands may do so at once; the wait for readiness is on a pipe. Reads never start anything: without a
/// supervisor they are answered from the database, containers that cannot be alive shown as exited.
/// A supervisor that dies during an operation is replaced by the keeper, and the operation is sent again.
/// The constructor throws Error when the project's name is longer than 200 characters.
/// One object for one io_context, which must not outlive the object's tasks. Errors as Engine says.
class EmbeddedEngine final : public engine::Engine {
 public:
  EmbeddedEngine(EngineOptions options, Timers& timers);
  ~EmbeddedEngine() override;

  Task<engine::Observed> observe() override;
  Task<std::optional<engine::ObservedNetwork>> find_network(std::string name) override;
  Task<std::optional<engine::ObservedVolume>> find_volume(std::string name) override;
  Task<void> create_network(engine::NetworkSpec spec) override;
  Task<void> remove_network(std::string name) override;
  Task<void> create_volume(engine::VolumeSpec spec) override;
  Task<void> remove_volume(std::string name) override;
  Task<ContainerId> create_container(engine::ContainerSpec spec, engine::CreateOptions options) override;
  Task<void> start_container(ContainerId id) override;
  Task<void> stop_container(ContainerId id, engine::StopRequest request) override;
  Task<void> kill_container(ContainerId id, std::string signal) override;
  Task<void> restart_container(ContainerId id, engine::StopRequest request) override;
  Task<void> pause_container(ContainerId id) override;
  Task<void> unpause_container(ContainerId id) override;
  Task<void> rename_container(ContainerId id, std::string name) override;
  Task<void> remove_container(ContainerId id, engine::WithVolumes volumes) override;
  Task<std::vector<engine::Event>> next_events(std::int64_t since) override;
  Task<std::int64_t> newest_event() override;
  Task<engine::Readiness> await_ready(ContainerId id, engine::ReadyLimits limits) override;
  /// The program is a child of this process, and ends with the container at the latest.
  Task<int> run_program(ContainerId id, engine::Program program, engine::ProgramOutput output) override;

  /// Starts keeper and supervisor if there are none. For commands that listen to events before their first change: to
  /// a project without a supervisor, next_events() answers that nothing will happen.
  Task<void> ensure_running();

  /// Closes connections that no request uses: until the next request the supervisor of an empty project may end.
  void disconnect();

  /// From now on next_events() keeps the supervisor, also when the project is empty: whoever listens on and on hears of
  /// the next `up`, too. Commands that leave the project empty do not wait for its end then.
  void stay();

  /// Waits for the turn of this command to change the project, from its look at the project to its last act. Commands
  /// that raise it wait for each other; one that lowers it makes those before it give way. `waits_for` is told the
  /// command line of another one that is waited for. Starts keeper and supervisor. Throws Error "lowered" when a
  /// lowering command came while this one waited. Cancelled or failed: there is no turn. It outlives a supervisor that
  /// is killed: until the turn is given back nobody else's begins. When the keeper is killed it is lost, and every
  /// change that is asked for then throws Error "turn-lost".
  Task<void> take_turn(Turn kind, std::function<void(const std::string&)> waits_for);
  /// Gives the turn back; close() does, too. Nothing without one.
  Task<void> leave_turn();
  [[nodiscard]] bool has_turn() const;
  /// Throws Error "lowered" when another command lowers the project, "turn-lost" when the keeper is killed; until then
  /// what this one asks for is done, from then on it is refused. Ends only by that or by cancellation.
  Task<void> until_lowered();

  /// Runs a program in a container to its end, with this process's stdin, stdout and stderr, and returns its exit code
  /// (128 + n: signal n). With `tty` the caller's terminal is the program's. Throws Error, with docker's exit code
  /// (126, 127), when it could not be started. Cancelled: the program gets SIGTERM and is waited for; cancelled again,
  /// it is killed.
  Task<int> exec(ContainerId id, ExecRequest request);
  /// Starts a program in a container and leaves it to itself, without streams. Throws as exec().
  Task<void> exec_detached(ContainerId id, ExecRequest request);
  /// For `run` and `up` with a terminal: the container's stdin. Throws Error when it was created without stdin_open.
  Task<std::unique_ptr<StdinStream>> attach_stdin(ContainerId id);
  /// Of a container that does not run (yet): the size its terminal will have. Throws Error when it is to have none.
  Task<void> resize_terminal(ContainerId id, unsigned columns, unsigned rows);

  /// Where the container's log files are ("000001.log", …); valid without a supervisor.
  [[nodiscard]] std::string log_folder(const ContainerId& id) const;
  /// True if a supervisor (or a keeper about to start one) lives.
  [[nodiscard]] bool is_alive() const;

  /// The end of a command: closes the connections, and if the project has neither containers nor networks left, waits
  /// until supervisor, keeper and the run folder are gone; not when another command raises the project again or keeps
  /// the supervisor with stay(), and at most a few seconds.
  Task<void> close();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Removes what a crash of everything left of a project: processes (by cgroup), links and firewall rules (by alias and
/// name), the run folder, and what the database says of running containers. Does nothing while a keeper lives. Returns
/// what it removed, in words. `down` calls it first.
Task<std::vector<std::string>> cleanup_leftovers(EngineOptions options, Timers& timers);

/// A project of this data root, for `davit ls`.
struct ProjectSummary {
  std::string name;
  std::string working_dir;
  std::vector<std::string> config_files;
  std::map<std::string, int> states;  ///< "running" to how many containers
};
/// From the database and liveness checks; starts nothing. By name.
[[nodiscard]] std::vector<ProjectSummary> list_projects(const std::string& data_root, const std::string& run_root);

}  // namespace davit::embedded
