#pragma once
// The seam: what every backend implements. Each operation is one act with no decision about the project in it; order,
// conditions and policy belong to plan, schedule and runtime. One contract suite (tests/engine) runs on all backends.

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "davit/async/task.hpp"
#include "davit/engine/container_spec.hpp"
#include "davit/engine/observed.hpp"
#include "davit/engine/readiness.hpp"
#include "davit/engine/resource_specs.hpp"

namespace davit::engine {

/// How a container is asked to end.
struct StopRequest {
  std::optional<std::chrono::nanoseconds> grace;  ///< none: the container's own stop_grace_period
  friend bool operator==(const StopRequest&, const StopRequest&) = default;
};

/// A container whose volumes and folders of the host another one sees at the same paths (`docker run --volumes-from`).
struct VolumesFrom {
  std::string container;  ///< id, or the name of one of the data root
  enum class Access { AsThere, ReadOnly };
  Access access = Access::AsThere;
  friend bool operator==(const VolumesFrom&, const VolumesFrom&) = default;
};

struct CreateOptions {
  /// Whose anonymous volumes the new container takes over, as their successor (matched by target path).
  std::optional<ContainerId> inherit_volumes_from;
  /// Of two that have something at the same path, the later one counts; what the container mounts itself counts more.
  std::vector<VolumesFrom> volumes_from{};
  friend bool operator==(const CreateOptions&, const CreateOptions&) = default;
};

/// A program to run in a container beside its own: a lifecycle hook.
struct Program {
  std::vector<std::string> args;
  /// Added to the container's, or replacing them; without a value: taken away.
  std::vector<std::pair<std::string, std::optional<std::string>>> env;
  std::string working_dir;  ///< empty: the container's
  std::string user;         ///< empty: the container's
  bool privileged = false;
  friend bool operator==(const Program&, const Program&) = default;
};

/// Gets what a program writes, piece by piece as it comes; lines may be cut anywhere. Must not block, nor throw.
enum class ProgramStream { Out, Error };
using ProgramOutput = std::function<void(ProgramStream, std::string_view)>;

/// An engine for one project. Operations throw davit::Error when the act fails, naming object and cause; they are safe
/// to repeat. Cancelling an operation leaves the object as it was or as asked for, never half made.
class Engine {
 public:
  virtual ~Engine() = default;

  /// The project's containers, networks and volumes, and the external ones named.
  virtual Task<Observed> observe() = 0;
  /// By its name on the machine, whoever made it; nullopt: there is none. The same for a volume.
  virtual Task<std::optional<ObservedNetwork>> find_network(std::string name) = 0;
  virtual Task<std::optional<ObservedVolume>> find_volume(std::string name) = 0;

  /// One of the project that is there already stays as it is.
  virtual Task<void> create_network(NetworkSpec spec) = 0;
  /// Throws if a container is still attached. One that is not there is no error.
  virtual Task<void> remove_network(std::string name) = 0;
  /// One of this name that is there already stays as it is, with what is in it.
  virtual Task<void> create_volume(VolumeSpec spec) = 0;
  /// With what is in it. Throws if a container mounts it, running or not. One that is not there is no error.
  virtual Task<void> remove_volume(std::string name) = 0;

  /// Records the container and makes its anonymous volumes. A name in use is an Error that names the holder.
  virtual Task<ContainerId> create_container(ContainerSpec spec, CreateOptions options) = 0;
  /// Root file system, network, ports, process. When it fails the container is `created` again (or `exited`) with the
  /// error recorded, and nothing of the attempt is left.
  virtual Task<void> start_container(ContainerId id) = 0;
  /// Ends when the container has ended. Stopping an ended container is not an error.
  virtual Task<void> stop_container(ContainerId id, StopRequest request) = 0;
  /// Sends a signal, by name or number; "" is SIGKILL. SIGKILL ends when the container has ended; any other signal is
  /// only sent, also to one that is paused. The restart policy does not act on an end by SIGKILL or by the container's
  /// stop signal, and not at all when it was about to. Throws "not-running" when the container does not run.
  virtual Task<void> kill_container(ContainerId id, std::string signal) = 0;
  /// Stops it and starts it; one that does not run is started. When the start fails it is as after start_container.
  virtual Task<void> restart_container(ContainerId id, StopRequest request) = 0;
  /// Ends when its processes stand still. Throws if it does not run.
  virtual Task<void> pause_container(ContainerId id) = 0;
  /// Throws if it is not paused.
  virtual Task<void> unpause_container(ContainerId id) = 0;
  /// A name in use is an Error that names the holder; then, and after any other failure, it has its old name.
  virtual Task<void> rename_container(ContainerId id, std::string name) = 0;
  /// Throws if it is running. One that is not there is no error: it may be asked twice.
  virtual Task<void> remove_container(ContainerId id, WithVolumes volumes) = 0;

  /// Events after `since`, at once if there are some, else as soon as one happens. Ends with an empty list only when
  /// the engine has shut down.
  virtual Task<std::vector<Event>> next_events(std::int64_t since) = 0;
  /// The id of the newest event: where to begin following.
  virtual Task<std::int64_t> newest_event() = 0;

  /// Looks at a running container, which has no health check, until it is up; see Readiness. Changes nothing.
  /// Cancelled: nobody looks any more.
  virtual Task<Readiness> await_ready(ContainerId id, ReadyLimits limits) = 0;

  /// Runs a program in a running container to its end, without input; its exit code (128 + n: signal n). What children
  /// of it write after its end is lost. Throws Error, with docker's exit code (126, 127), when it could not be started,
  /// and with code "not-running" when the container does not run. Cancelled: the program is killed.
  virtual Task<int> run_program(ContainerId id, Program program, ProgramOutput output) = 0;
};

}  // namespace davit::engine
