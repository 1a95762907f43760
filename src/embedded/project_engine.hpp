#pragma once
// The engine of one project, inside of its supervisor: the operations of the seam, each with the cause the journal
// gives for it, and what happens by itself (exits, restarts, probes). Every change is a transaction before its act.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "davit/async/offload.hpp"
#include "davit/async/task_group.hpp"
#include "davit/async/timers.hpp"
#include "davit/container/bundle.hpp"
#include "davit/container/cgroups.hpp"
#include "davit/container/oci_runtime.hpp"
#include "davit/engine/engine.hpp"
#include "davit/health/readiness.hpp"
#include "davit/image/image_store.hpp"
#include "davit/state/database.hpp"
#include "davit/state/volumes.hpp"
#include "embedded/event_log.hpp"
#include "embedded/http_server.hpp"
#include "embedded/keeper_link.hpp"
#include "embedded/network_host.hpp"
#include "embedded/paths.hpp"
#include "embedded/protocol.hpp"
#include "embedded/record.hpp"

namespace davit::embedded {

using Cause = std::string;

class VolumesSetAside;

class ProjectEngine {
 public:
  ProjectEngine(asio::io_context& context, Paths paths, state::Database& database, KeeperLink& keeper, Timers& timers);
  ~ProjectEngine();
  ProjectEngine(const ProjectEngine&) = delete;
  ProjectEngine& operator=(const ProjectEngine&) = delete;

  /// Takes up what the last supervisor left, undoes what it left half done. Called once, before anything else.
  Task<void> recover(KeeperLink::Recovered recovered);
  /// To be called for every exit the keeper tells of.
  void process_exited(const ProcessExit& exit);
  /// Called after every change that may have left the project empty.
  std::function<void()> on_change;
  /// No containers and no networks.
  [[nodiscard]] bool is_empty() const { return records_.empty() && networks_.empty(); }
  /// Something is under way that must not be cut off.
  [[nodiscard]] bool is_busy() const { return busy_ > 0; }
  /// The end of an empty project: removes what is common to its containers.
  void leave();

  [[nodiscard]] engine::Observed observe();
  Task<void> create_network(engine::NetworkSpec spec, Cause cause);
  Task<void> remove_network(std::string name, Cause cause);
  void create_volume(const engine::VolumeSpec& spec, const Cause& cause);
  Task<void> remove_volume(std::string name, Cause cause);

  /// `id` is chosen by the asker, so that asking again does no harm.
  ContainerId create_container(ContainerId id, engine::ContainerSpec spec, const engine::CreateOptions& options,
                               const Cause& cause);
  Task<void> start_container(ContainerId id, Cause cause);
  Task<void> stop_container(ContainerId id, engine::StopRequest request, Cause cause);
  Task<void> kill_container(ContainerId id, std::string signal, Cause cause);
  Task<void> restart_container(ContainerId id, engine::StopRequest request, Cause cause);
  Task<void> pause_container(ContainerId id, Cause cause);
  Task<void> unpause_container(ContainerId id, Cause cause);
  Task<void> rename_container(ContainerId id, std::string name, Cause cause);
  Task<void> remove_container(ContainerId id, engine::WithVolumes volumes, Cause cause);

  Task<engine::Readiness> await_ready(ContainerId id, engine::ReadyLimits limits);
  Task<ExecPlan> plan_exec(ContainerId id, ExecRequest request);
  Task<void> exec_detached(ContainerId id, ExecRequest request);
  /// What shows that an act on a container was done, to a supervisor that is asked again. `since`: wall clock,
  /// nanoseconds.
  [[nodiscard]] bool was_started_since(const ContainerId& id, std::int64_t since) const;
  [[nodiscard]] bool was_signalled_since(const ContainerId& id, std::int64_t since);
  [[nodiscard]] std::optional<state::ContainerState> state_of(const ContainerId& id) const;
  [[nodiscard]] std::unique_ptr<InputSink> attach_stdin(const ContainerId& id);
  void resize_terminal(const ContainerId& id, unsigned columns, unsigned rows);

  [[nodiscard]] EventLog& events() { return events_; }
  [[nodiscard]] const std::string& project() const { return paths_.project; }

 private:
  [[nodiscard]] RecordPtr find(const ContainerId& id) const;
  [[nodiscard]] RecordPtr running(const ContainerId& id) const;
  void add_record(state::Container row, engine::ContainerSpec spec);
  /// Writes the row and the event in one transaction, and before it what is unwritten. Throws Error: nothing is
  /// written.
  std::int64_t write(Record& record, const std::string& action, std::map<std::string, std::string> attributes,
                     const Cause& cause);
  /// The same for what has happened already: when it cannot be written now, it is later. nullopt: later.
  std::optional<std::int64_t> write_or_keep(Record& record, Record::Unwritten change);
  std::int64_t write_all(Record& record);
  std::int64_t append_unwritten(const Record& record);
  void written(Record& record) noexcept;
  Task<void> write_late(RecordPtr record);
  void changed(Record& record);
  void spawn(Task<void> task);

  // create
  std::vector<state::Volume> resolve_volumes(engine::ContainerSpec& spec, const engine::CreateOptions& options);
  void add_volumes_of_others(engine::ContainerSpec& spec, const engine::CreateOptions& options);
  [[nodiscard]] engine::ContainerSpec spec_of(const std::string& container);
  void make_folder(const ContainerId& id) const;
  void keep_files(const Record& record);
  void restore_files(Record& record, std::map<std::string, Fd>& held);

  // start
  enum class Starter { Request, RestartPolicy };
  /// Throws what the start failed of, when nothing of it is left. One by the restart policy is tried again, as far as
  /// the policy goes.
  Task<void> start(RecordPtr record, Starter starter, Cause cause);
  std::optional<std::chrono::milliseconds> after_failed_restart(Record& record, int code);
  Task<void> start_run(RecordPtr record);
  /// The container's own ends of its streams; closed on our side when the start is over.
  struct ContainerEnds {
    Fd in;
    Fd out;
    Fd err;
    [[nodiscard]] container::Stdio stdio() const { return {in.get(), out.get(), err.get()}; }
  };
  /// Without a terminal: makes the pipes, gives our ends to the keeper and follows the output.
  ContainerEnds open_pipes(Record& record);
  void follow_terminal(Record& record, Fd terminal);
  /// In the row alone; writing it is the caller's.
  static void note_running(Record& record);
  Task<Fd> make_namespace(RecordPtr record);
  Task<container::OciRuntime*> runtime_for(std::string wanted);
  container::BundleInputs bundle_inputs(const Record& record, const container::OciRuntime& runtime);
  container::NameFiles name_files(const Record& record);
  std::string namespace_path(const Record& record, const std::string& mode, const char* kind) const;
  void check_lends_ipc(const Record& record) const;
  const std::vector<std::string>& layers_of(const ImageId& image);
  std::string mount_point_layer(const ImageId& image, const std::vector<std::string>& layers) const;
  void follow_logs(Record& record, logs::LogPump::Run run, logs::StreamPipes out, std::optional<logs::StreamPipes> err);

  // end
  Task<void> ended(RecordPtr record, ProcessExit exit);
  void forget_strangers();
  Task<void> clear_run(RecordPtr record, NetworkHost::Leases leases);
  void not_cleared(const Record& record, const std::exception& error);
  void attempt(const Record& record, const std::function<void()>& step);
  Task<void> clear_network(RecordPtr record, NetworkHost::Leases leases);
  Task<void> clear_runtime(RecordPtr record);
  Task<void> clear_bundle(RecordPtr record);
  Task<void> restart_later(RecordPtr record, std::chrono::milliseconds after, std::uint64_t run, Cause cause);
  Task<void> remove_ended(RecordPtr record, Cause cause);
  /// Until neither a start nor an end is under way.
  Task<void> until_idle(RecordPtr record);
  Task<void> until_ended(RecordPtr record);
  Task<void> until_killed(RecordPtr record);
  Task<void> cancel_restart(RecordPtr record, Cause cause);
  void thaw(Record& record);
  static std::string rootfs_of(const Record& record);
  static void check_exec(const Record& record, const ExecRequest& request);
  [[nodiscard]] container::ExecOptions exec_options(const Record& record, ExecRequest request) const;
  Task<void> stop(RecordPtr record, engine::StopRequest request, Cause cause);
  void send(Record& record, int signal);
  Task<void> wake_su(RecordPtr record, int signal);
  [[nodiscard]] std::optional<process::PidFd> other_process(const Record& record) const;
  /// Takes a container's rows out of the database; the folders that go with them are still there. Throws Error: nothing
  /// is written.
  std::vector<std::string> forget_container(Record& record, engine::WithVolumes with_volumes, const Cause& cause);
  [[noreturn]] void throw_rename_error(const std::exception_ptr& failure, const ContainerId& id, const std::string& old,
                                       const std::string& name);
  void remove_anonymous_volumes(const engine::ContainerSpec& spec, VolumesSetAside& aside);
  std::map<std::string, std::string> users_of_volumes();
  Task<void> remove_folders(std::vector<std::string> folders);
  Task<void> remove(RecordPtr record, engine::WithVolumes volumes, Cause cause);

  // health
  void start_health(RecordPtr record, const health::Event& first);
  void health_event(Record& record, const health::Event& event);
  void apply(Record& record, HealthRun& run, const health::Action& action);
  void tell_health(Record& record, HealthRun& run);
  void keep_health(Record& record, HealthRun& run, const health::Action& action);
  Task<void> probe(RecordPtr record, std::shared_ptr<HealthRun> run);
  void stop_health(Record& record);
  Task<health::ProbeEnded> ask(RecordPtr record);

  // readiness
  static std::vector<std::uint16_t> awaited_ports(const Record& record, const engine::ReadyLimits& limits);
  [[nodiscard]] Timers::Clock::time_point began(const Record& record) const;
  [[nodiscard]] std::optional<health::Look> look_at(const Record& record, const health::Readiness& readiness) const;

  // recover
  Task<void> remove_garbage_of_volumes(std::vector<std::string> folders);
  Task<void> end_unfinished_programs();
  [[nodiscard]] std::vector<process::PidFd> unfinished_programs() const;
  Task<void> recover_one(RecordPtr record, KeeperLink::Recovered& recovered);
  std::optional<std::string> try_adopt(RecordPtr record, KeeperLink::Recovered& recovered);
  bool adopt(RecordPtr record, KeeperLink::Recovered& recovered);

  asio::io_context& context_;
  Paths paths_;
  state::Database& database_;
  KeeperLink& keeper_;
  Timers& timers_;
  EventLog events_;
  WorkerPool pool_;
  NetworkHost network_;
  image::ImageStore images_;
  container::HostFacts host_;
  container::Cgroups cgroups_;
  TaskGroup tasks_;
  logs::PumpBuffers buffers_;
  Gate starting_;  ///< runtime programs at once
  Gate choosing_;  ///< one choice of a runtime at a time
  Gate probing_;
  std::map<ContainerId, RecordPtr> records_;
  std::map<std::string, state::Network> networks_;  ///< of the project, by name
  std::map<std::string, std::unique_ptr<container::OciRuntime>> runtimes_;
  std::map<ImageId, std::vector<std::string>> layers_;
  std::map<int, ProcessExit> unclaimed_;  ///< exits of processes that are not known (yet)
  bool recovering_ = false;               ///< what the keeper says is not heard yet
  int launching_ = 0;                     ///< runtimes that may yet report a pid
  int busy_ = 0;                          ///< operations that must not be cut off by the end of the project
};

/// A volume's name is that of its folder: throws Error for one that could lead out of the folder of volumes.
void check_volume_name(const std::string& name);
/// Settings with Docker's defaults.
[[nodiscard]] health::ProbeSettings probe_settings(const engine::Healthcheck& check);
/// Health and probe results as the row keeps them.
[[nodiscard]] std::string health_to_json(const health::HealthState& state);
struct StoredHealth {
  health::Snapshot snapshot;
  std::vector<engine::ProbeResult> probes;
};
[[nodiscard]] std::optional<StoredHealth> health_from_json(const std::string& text);

/// A container as the seam shows it, from its row; `run` is what is only known while it runs.
[[nodiscard]] engine::ObservedContainer observed_from(const state::Container& row, const engine::ContainerSpec& spec,
                                                      const Paths& paths);
[[nodiscard]] engine::ObservedNetwork observed_from(const state::Network& row);
[[nodiscard]] engine::ObservedVolume observed_from(const state::Volume& row);
/// Networks and volumes of the project, without containers.
void observe_resources(state::Database& database, const std::string& project, engine::Observed& out);
[[nodiscard]] std::vector<engine::ObservedNetworkAttachment> observed_attachments(state::Database& database,
                                                                                  const state::Container& row,
                                                                                  const engine::ContainerSpec& spec);

}  // namespace davit::embedded
