#pragma once
// From a container spec to the config.json of an OCI runtime (opencontainers/runtime-spec), with Docker's defaults.
// Pure.

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "davit/container/host.hpp"
#include "davit/container/user.hpp"
#include "davit/engine/container_spec.hpp"

namespace davit::container {

/// A mount the runtime makes, after the standard ones and in this order.
struct OciMount {
  std::string target;
  std::string type;  ///< "bind", "tmpfs", ...
  std::string source;
  std::vector<std::string> options;
  friend bool operator==(const OciMount&, const OciMount&) = default;
};

/// A device node as the runtime makes it.
struct OciDevice {
  std::string path;
  char type = 'c';  ///< 'c' or 'b'
  std::int64_t major = 0;
  std::int64_t minor = 0;
  std::uint32_t mode = 0666;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::string permissions = "rwm";  ///< for the device cgroup
  friend bool operator==(const OciDevice&, const OciDevice&) = default;
};

/// How the system call filter reaches the runtime.
struct SeccompSetting {
  enum class Form { Unconfined, BpfAnnotation, Json };
  Form form = Form::Unconfined;
  std::string text;  ///< base64 of the BPF program, or the `linux.seccomp` object
};

/// Everything besides the spec that goes into the config.
struct OciInputs {
  ContainerId id;
  std::string hostname;  ///< short name
  ResolvedUser user;
  std::string rootfs;              ///< absolute path
  std::vector<OciMount> mounts;    ///< volumes, binds, tmpfs, secrets, /etc/hosts ...: as prepared
  std::vector<OciDevice> devices;  ///< resolved from the spec, or all of the host's when privileged
  std::string cgroups_path;        ///< "/davit/<project>-<hash>/<id>"
  std::string netns_path;          ///< empty: a new namespace, or the host's with network_mode "host"
  std::string pidns_path;          ///< of the container meant by pid_mode "container:<id>"
  std::string ipcns_path;          ///< likewise
  std::string shm_dir;  ///< bound at /dev/shm, of an IPC namespace that is lent or joined; empty: a new tmpfs
  SeccompSetting seccomp;
  std::string init_binary;  ///< where init is mounted in the container; needed when spec.init
  std::optional<std::pair<unsigned, unsigned>> console_size;  ///< columns, rows
  HostFacts host;
};

/// The config as JSON text. Throws Error for a spec that this host cannot honour: a limit without its controller, an
/// unknown capability, ulimit or security option.
[[nodiscard]] std::string make_config_json(const engine::ContainerSpec& spec, const OciInputs& inputs);

/// What an exec changes in the container's process.
struct ExecOptions {
  std::vector<std::string> args;
  std::vector<std::pair<std::string, std::string>> env;  ///< added to, or replacing, the container's
  std::vector<std::string> env_removed;                  ///< names of the container's that it does not get
  std::string working_dir;                               ///< empty: the container's
  std::optional<ResolvedUser> user;                      ///< none: the container's
  bool tty = false;
  std::optional<std::vector<std::string>> capabilities;  ///< `--privileged`: all the host has; none: the container's
  std::optional<std::pair<unsigned, unsigned>> console_size;
};

/// The process document of `crun exec --process`, from the container's own config.json.
[[nodiscard]] std::string make_exec_process_json(const std::string& config_json, const ExecOptions& options);

/// Every capability that davit has on this host and can give away.
[[nodiscard]] std::vector<std::string> available_capabilities(const HostFacts& host);

/// The capabilities in effect: Docker's 14, plus cap_add, less cap_drop; "ALL" works in both; names with or without
/// "CAP_", any case. Sorted by number. Throws Error for an unknown name, with a suggestion.
[[nodiscard]] std::vector<std::string> effective_capabilities(const engine::ContainerSpec& spec, const HostFacts& host);

}  // namespace davit::container
