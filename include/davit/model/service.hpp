#pragma once
// A service of a project, resolved: every short form is long, every variable replaced, every default filled in.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "davit/base/span.hpp"
#include "davit/model/build.hpp"
#include "davit/model/deploy.hpp"
#include "davit/model/healthcheck.hpp"
#include "davit/model/mounts.hpp"
#include "davit/model/ports.hpp"

namespace davit::model {

enum class DependencyCondition { Started, Healthy, CompletedSuccessfully };

/// "service_started", "service_healthy" or "service_completed_successfully".
[[nodiscard]] std::string to_string(DependencyCondition condition);

/// One entry of `depends_on`, or a dependency that follows from links, volumes_from or a shared namespace.
struct Dependency {
  Span where;
  DependencyCondition condition = DependencyCondition::Started;
  bool restart = false;  ///< restart this service when davit restarts the dependency
  bool required = true;  ///< false: only warn when the dependency is missing or fails
  friend bool operator==(const Dependency&, const Dependency&) = default;
};

/// How a service joins a network.
struct NetworkAttachment {
  Span where;
  std::vector<std::string> aliases;
  std::string ipv4_address;
  std::string ipv6_address;
  std::vector<std::string> link_local_ips;
  std::string mac_address;
  std::string interface_name;
  std::map<std::string, std::string> driver_opts;
  std::int64_t priority = 0;     ///< higher is attached first
  std::int64_t gw_priority = 0;  ///< highest gives the default route
  friend bool operator==(const NetworkAttachment&, const NetworkAttachment&) = default;
};

struct Logging {
  Span where;
  std::string driver;
  std::map<std::string, std::string> options;
  friend bool operator==(const Logging&, const Logging&) = default;
};

enum class RestartMode { No, Always, OnFailure, UnlessStopped };

/// A restart policy that is none. It is read, as docker compose does, for whoever only looks at the file.
struct RestartMistake {
  std::string message;  ///< "must be one of no, …, found 'x'", to be put behind the attribute and the service
  Span where;
  friend bool operator==(const RestartMistake&, const RestartMistake&) = default;
};

/// What happens after a container ends; `restart:` and `deploy.restart_policy` combined.
struct RestartPolicy {
  RestartMode mode = RestartMode::No;
  std::optional<std::uint64_t> max_attempts;  ///< OnFailure only; unset means no limit
  std::optional<RestartMistake> mistake;      ///< then the mode is No; who runs the service must refuse it
  friend bool operator==(const RestartPolicy&, const RestartPolicy&) = default;
};

enum class PullPolicy { Missing, Always, Never, Build, Refresh };

/// A command run at a point of a container's life (`pre_start`, `post_start`, `pre_stop`).
struct Hook {
  Span where;
  std::vector<std::string> command;
  std::string user;
  bool privileged = false;
  std::string working_dir;
  std::map<std::string, std::optional<std::string>> environment;
  std::string image;  ///< pre_start only
  bool per_replica = false;
  friend bool operator==(const Hook&, const Hook&) = default;
};

/// A program that stands in for a service (`provider:`).
struct Provider {
  Span where;
  std::string type;
  std::map<std::string, std::vector<std::string>> options;
  friend bool operator==(const Provider&, const Provider&) = default;
};

/// One entry of `env_file:`; its content is already in Service::environment.
struct EnvFile {
  Span where;
  std::string path;  ///< absolute
  bool required = true;
  std::string format;  ///< "" or "raw"
  friend bool operator==(const EnvFile&, const EnvFile&) = default;
};

/// davit's own settings, `x-davit:` of a service.
struct DavitExtensions {
  bool full_stop_grace = false;  ///< wait the whole grace period even when PID 1 has no handler for the stop signal
  /// How long `up --wait` waits for something to listen at the published ports; zero: not at all.
  std::optional<std::chrono::nanoseconds> listen_timeout;
  friend bool operator==(const DavitExtensions&, const DavitExtensions&) = default;
};

/// `develop.watch` rule.
struct WatchRule {
  Span where;
  std::string path;
  std::string action;
  std::string target;
  std::vector<std::string> ignore;
  std::vector<std::string> include;
  std::optional<Hook> exec;
  bool initial_sync = false;
  friend bool operator==(const WatchRule&, const WatchRule&) = default;
};

/// Where the parts of a service stand in the files, for failures that happen later. `of(key)` falls back to the name.
struct ServicePlaces {
  Span name;  ///< the service's key
  /// By attribute: "image", "command", "mem_limit", …; and by an item of it, of those that can fail one by one:
  /// "cap_add.NET_ADMIN", "ulimits.nofile", "networks.front.ipv4_address".
  std::map<std::string, Span> attributes;
  [[nodiscard]] const Span& of(const std::string& attribute) const {
    const auto found = attributes.find(attribute);
    return found == attributes.end() ? name : found->second;
  }
  /// An item of an attribute, else the attribute, else the name.
  [[nodiscard]] const Span& of(const std::string& attribute, const std::string& item) const {
    const auto found = attributes.find(attribute + "." + item);
    return found == attributes.end() ? of(attribute) : found->second;
  }
  friend bool operator==(const ServicePlaces&, const ServicePlaces&) = default;
};

struct Service {
  std::string name;
  ServicePlaces where;

  // What runs
  std::string image;  ///< empty: built only, the image is then "<project>-<service>"
  std::optional<Build> build;
  std::optional<Provider> provider;
  PullPolicy pull_policy = PullPolicy::Missing;
  std::optional<std::chrono::nanoseconds> pull_refresh_after;  ///< Refresh: how old a pull may be
  std::string platform;
  std::string runtime;
  std::optional<std::vector<std::string>> command;     ///< unset or empty: the image's, unless `entrypoint` has words
  std::optional<std::vector<std::string>> entrypoint;  ///< unset: the image's; empty: none
  /// Final variables, env_file included. nullopt: named without a value and absent in the project environment, so the
  /// variable is unset in the container even if the image sets it.
  std::map<std::string, std::optional<std::string>> environment;
  std::vector<EnvFile> env_files;
  std::string user;
  std::string working_dir;
  std::optional<bool> init;
  bool tty = false;
  bool stdin_open = false;
  std::string stop_signal;                                    ///< empty: the image's, then SIGTERM
  std::optional<std::chrono::nanoseconds> stop_grace_period;  ///< unset: 10 s

  // Identity and number
  std::string container_name;  ///< empty: "<project>-<service>-<n>"
  std::string hostname;
  std::string domainname;
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> annotations;
  std::optional<std::int64_t> scale;  ///< `scale:` or `deploy.replicas`; see replicas()
  std::optional<Deploy> deploy;
  std::vector<std::string> profiles;
  bool attach = true;  ///< false: its log is not shown by `up`

  // Life
  std::map<std::string, Dependency> depends_on;  ///< by service name, implicit ones included
  std::optional<Healthcheck> healthcheck;
  RestartPolicy restart;
  std::vector<Hook> pre_start;
  std::vector<Hook> post_start;
  std::vector<Hook> pre_stop;
  std::vector<WatchRule> watch;

  // Network
  std::vector<Port> ports;
  std::vector<std::string> expose;
  std::map<std::string, NetworkAttachment> networks;  ///< by key in Project::networks; empty with network_mode
  std::string network_mode;                           ///< empty, "none", "host", "bridge", "service:x", "container:x"
  std::string mac_address;
  std::map<std::string, std::vector<std::string>> extra_hosts;
  std::vector<std::string> dns;
  std::vector<std::string> dns_search;
  std::vector<std::string> dns_opt;
  std::vector<std::string> links;
  std::vector<std::string> external_links;

  // Files
  std::vector<Mount> volumes;
  std::vector<std::string> volumes_from;
  std::vector<TmpfsMount> tmpfs;
  std::vector<FileGrant> secrets;
  std::vector<FileGrant> configs;
  std::vector<Device> devices;
  std::vector<std::string> device_cgroup_rules;
  std::vector<DeviceRequest> gpus;
  bool read_only = false;
  std::optional<std::int64_t> shm_size;  ///< bytes
  std::map<std::string, std::string> storage_opt;
  std::optional<Logging> logging;

  // Limits
  std::optional<double> cpus;                   ///< `cpus:`, else deploy's limit
  std::optional<std::int64_t> mem_limit;        ///< bytes; else deploy's limit
  std::optional<std::int64_t> mem_reservation;  ///< bytes; else deploy's reservation
  std::optional<std::int64_t> memswap_limit;    ///< bytes, -1 unlimited
  std::optional<std::int64_t> mem_swappiness;
  std::optional<std::int64_t> pids_limit;  ///< -1 unlimited; else deploy's limit
  std::optional<std::int64_t> cpu_shares;
  std::optional<std::int64_t> cpu_quota;       ///< µs
  std::optional<std::int64_t> cpu_period;      ///< µs
  std::optional<std::int64_t> cpu_rt_period;   ///< µs
  std::optional<std::int64_t> cpu_rt_runtime;  ///< µs
  std::string cpuset;
  std::map<std::string, Ulimit> ulimits;
  bool oom_kill_disable = false;
  std::optional<std::int64_t> oom_score_adj;
  std::optional<std::uint16_t> blkio_weight;

  // Isolation
  bool privileged = false;
  std::vector<std::string> cap_add;
  std::vector<std::string> cap_drop;
  std::vector<std::string> security_opt;
  std::vector<std::string> group_add;
  std::map<std::string, std::string> sysctls;
  std::string pid;
  std::string ipc;
  std::string uts;
  std::string userns_mode;
  std::string cgroup;
  std::string cgroup_parent;

  DavitExtensions x_davit;

  /// The service as canonical JSON without what never recreates a container (build, pull_policy, scale,
  /// deploy.replicas, depends_on, profiles; docker compose's rule), and its SHA-256 in hex.
  std::string config_json;
  std::string config_hash;

  /// Attributes of the Compose specification that are set on this service but have no field above, so that whoever
  /// cannot honour them can refuse them: dotted name ("blkio_config", "deploy.placement") and place.
  std::map<std::string, Span> others;

  /// How many containers the file asks for.
  [[nodiscard]] std::int64_t replicas() const { return scale.value_or(deploy ? deploy->replicas.value_or(1) : 1); }

  friend bool operator==(const Service&, const Service&) = default;
};

}  // namespace davit::model
