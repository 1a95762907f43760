#pragma once
// Decides what each command does: a project, what is there, and the flags become a Plan. Pure: nothing is asked or
// touched, the same input gives the same plan.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "davit/base/result.hpp"
#include "davit/engine/observed.hpp"
#include "davit/model/project.hpp"
#include "davit/plan/plan.hpp"

namespace davit::plan {

enum class Recreate { Diverged, Force, Never };
enum class Dependencies { With, Without };
enum class Orphans { Warn, Remove, Ignore };

struct UpOptions {
  enum class Start { Yes, No };
  enum class Build { WhenMissing, Always, Never };
  enum class AnonymousVolumes { Inherit, Renew };
  enum class Wait { No, Yes };
  /// Whether this davit can fetch images from a registry.
  enum class Pulling { NotSupported, Supported };

  std::vector<std::string> services;  ///< named on the command line; empty: all of the project
  Dependencies dependencies = Dependencies::With;
  Start start = Start::Yes;                             ///< No: `create`, `up --no-start`
  Recreate recreate = Recreate::Diverged;               ///< of the services named
  Recreate recreate_dependencies = Recreate::Diverged;  ///< of the others (`--always-recreate-deps`: Force)
  Build build = Build::WhenMissing;
  AnonymousVolumes anonymous_volumes = AnonymousVolumes::Inherit;
  /// Volumes by name that are made anew, with all that is in them, because the file describes them otherwise now: what
  /// the user has chosen from Plan::changed_volumes.
  std::set<std::string> recreate_volumes;
  Wait wait = Wait::No;
  Pulling pulling = Pulling::NotSupported;
  std::optional<model::PullPolicy> pull;  ///< `--pull`, over the services' own
  std::map<std::string, std::int64_t> scale;
  Orphans orphans = Orphans::Warn;
  std::optional<std::chrono::nanoseconds> grace;  ///< `-t`, for containers that are replaced or removed
  std::map<std::string, ImageInfo> images;        ///< on this machine, by the name the services use
};

/// `up`, `create`, `scale`. `observed` also holds the external networks and volumes that exist (runtime::observe). The
/// project must outlive the plan. Errors: unknown service, unsupported key, missing image or external resource, scale
/// against container_name, a host port published twice; all of them at once.
[[nodiscard]] Result<Plan, Diagnostics> make_up_plan(const model::Project& project, const engine::Observed& observed,
                                                     const UpOptions& options);

struct RunOptions {
  std::string service;
  std::string slug;  ///< 12 random hex digits
  std::string name;  ///< `--name`; empty: "<project>-<service>-run-<slug>"
  OneOff::Aliases aliases = OneOff::Aliases::None;
  OneOff::Remove remove = OneOff::Remove::Keep;
  enum class ServicePorts { No, Publish };
  ServicePorts service_ports = ServicePorts::No;
  std::vector<model::Port> ports;  ///< `-p`
  std::optional<std::vector<std::string>> command;
  std::optional<std::vector<std::string>> entrypoint;
  std::map<std::string, std::optional<std::string>> environment;
  std::map<std::string, std::string> labels;
  std::vector<model::Mount> volumes;
  std::vector<std::string> cap_add;
  std::vector<std::string> cap_drop;
  std::string user;
  std::string working_dir;
  bool tty = false;
  bool stdin_open = true;
  UpOptions up;  ///< for the dependencies; `services`, `scale`, `wait` and `start` are not used
};

/// The name of the container of `run`: the one asked for, or "<project>-<service>-run-<slug>" with the project's
/// separator.
[[nodiscard]] std::string one_off_name(const model::Project& project, const RunOptions& options);

/// `run`: the dependencies are brought up and awaited, then one container is created and started.
[[nodiscard]] Result<Plan, Diagnostics> make_run_plan(const model::Project& project, const engine::Observed& observed,
                                                      const RunOptions& options);

struct DownOptions {
  enum class Images { Keep, Local, All };
  enum class Volumes { Keep, Remove };
  std::vector<std::string> services;  ///< empty: the whole project
  Orphans orphans = Orphans::Warn;
  Volumes volumes = Volumes::Keep;  ///< Remove: named ones (not external) and anonymous ones
  Images images = Images::Keep;
  std::optional<std::chrono::nanoseconds> grace;
};

/// `down`. Works without a file too: see project_from().
[[nodiscard]] Result<Plan, Diagnostics> make_down_plan(const model::Project& project, const engine::Observed& observed,
                                                       const DownOptions& options);

/// Flags of the commands that act on existing containers.
struct ContainerOptions {
  std::vector<std::string> services;  ///< empty: all
  Dependencies dependencies = Dependencies::With;
  std::optional<std::chrono::nanoseconds> grace;  ///< stop, restart
  std::string signal = "SIGKILL";                 ///< kill
  Orphans orphans = Orphans::Ignore;  ///< kill; Remove: containers of services that are not in the file, too
  enum class Stop { No, First };
  Stop stop = Stop::No;                                   ///< rm -s
  engine::WithVolumes volumes = engine::WithVolumes::No;  ///< rm -v
  UpOptions::Wait wait = UpOptions::Wait::No;             ///< start --wait
};

[[nodiscard]] Result<Plan, Diagnostics> make_start_plan(const model::Project& project, const engine::Observed& observed,
                                                        const ContainerOptions& options);
/// Dependants first; named services only. One-off containers keep running.
[[nodiscard]] Result<Plan, Diagnostics> make_stop_plan(const model::Project& project, const engine::Observed& observed,
                                                       const ContainerOptions& options);
/// Restarts running containers, starts the others; also the dependants that declare `restart: true`.
[[nodiscard]] Result<Plan, Diagnostics> make_restart_plan(const model::Project& project,
                                                          const engine::Observed& observed,
                                                          const ContainerOptions& options);
[[nodiscard]] Result<Plan, Diagnostics> make_kill_plan(const model::Project& project, const engine::Observed& observed,
                                                       const ContainerOptions& options);
[[nodiscard]] Result<Plan, Diagnostics> make_remove_plan(const model::Project& project,
                                                         const engine::Observed& observed,
                                                         const ContainerOptions& options);
[[nodiscard]] Result<Plan, Diagnostics> make_pause_plan(const model::Project& project, const engine::Observed& observed,
                                                        const ContainerOptions& options);
[[nodiscard]] Result<Plan, Diagnostics> make_unpause_plan(const model::Project& project,
                                                          const engine::Observed& observed,
                                                          const ContainerOptions& options);

/// What the containers' labels say about the project, for commands that were given a name and no file: services with
/// their dependencies, networks, volumes.
[[nodiscard]] model::Project project_from(const std::string& name, const engine::Observed& observed);

}  // namespace davit::plan
