#pragma once
// A container as an engine understands it: nothing here knows what a Compose file is. Made by the plan room from a
// service and its image's config; stored in the database as JSON; turned into an OCI runtime config by the engine.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "davit/base/strong.hpp"

namespace davit::engine {

/// A file system tree seen inside the container. What `source` means depends on `kind`.
struct Mount {
  enum class Kind { Bind, Volume, Tmpfs };
  /// What to do with a bind source that does not exist.
  enum class CreateSource { No, Directory };

  Kind kind = Kind::Volume;
  std::string
      source;  ///< Bind: absolute host path. Volume: full volume name, empty for an anonymous volume. Tmpfs: empty
  std::string target;  ///< absolute, clean path in the container
  bool read_only = false;
  CreateSource create_source = CreateSource::No;
  bool copy_up = true;                     ///< Volume: fill an empty volume from the image
  std::string volume_subpath;              ///< Volume: mount only this folder of it
  std::string propagation;                 ///< Bind: "rprivate" (default when empty), "rslave", "rshared", ...
  std::optional<std::int64_t> tmpfs_size;  ///< bytes
  std::optional<std::uint32_t> tmpfs_mode;
  std::vector<std::string> tmpfs_options;  ///< further mount options from the short form

  friend bool operator==(const Mount&, const Mount&) = default;
};

/// A secret or a config: a file, or a folder, of the host that the container sees as it is, read-only, or, with content
/// of its own or an owner or mode of its own, a copy on tmpfs, made before each start. The content is never part of the
/// spec that is stored: it is read from `source`, or taken from `content` at create time.
struct FileMount {
  enum class Kind { Secret, Config };
  Kind kind = Kind::Config;
  std::string name;    ///< for messages
  std::string source;  ///< absolute host path; empty when the content is given
  std::optional<std::string>
      content;                        ///< from `content:` or `environment:`; kept only in the engine's memory and tmpfs
  std::string target;                 ///< absolute path in the container
  std::optional<std::uint32_t> mode;  ///< none: the host's, or 0444 of a copy
  std::optional<std::uint32_t> uid;
  std::optional<std::uint32_t> gid;

  [[nodiscard]] bool is_copy() const { return content || mode || uid || gid; }

  friend bool operator==(const FileMount&, const FileMount&) = default;
};

struct PortMapping {
  std::string host_ip;              ///< empty: all addresses, IPv4 and IPv6
  std::uint16_t host_port = 0;      ///< first of the range; 0: chosen by the engine at start
  std::uint16_t host_port_end = 0;  ///< last of the range to choose from; equal to host_port for a single port
  std::uint16_t container_port = 0;
  std::string protocol = "tcp";  ///< "tcp" or "udp"

  friend bool operator==(const PortMapping&, const PortMapping&) = default;
};

/// One network the container is attached to.
struct Attachment {
  std::string network;               ///< full network name
  std::vector<std::string> aliases;  ///< further names in this network's DNS (the service name is one of them)
  std::string ipv4_address;          ///< static address; empty: from the pool
  std::string ipv6_address;
  std::string mac_address;
  std::string interface_name;
  int priority = 0;     ///< higher is attached first
  int gw_priority = 0;  ///< highest gives the default route

  friend bool operator==(const Attachment&, const Attachment&) = default;
};

/// `docker run --link`: an additional name, seen by this container only.
struct Link {
  std::string container_or_service;  ///< DNS name it stands for
  std::string alias;
  friend bool operator==(const Link&, const Link&) = default;
};

struct Healthcheck {
  std::vector<std::string> test;  ///< {"CMD", ...}, {"CMD-SHELL", text} or {"NONE"}
  std::chrono::nanoseconds interval{std::chrono::seconds{30}};
  std::chrono::nanoseconds timeout{std::chrono::seconds{30}};
  std::chrono::nanoseconds start_period{0};
  std::chrono::nanoseconds start_interval{std::chrono::seconds{5}};
  int retries = 3;
  friend bool operator==(const Healthcheck&, const Healthcheck&) = default;
};

struct RestartPolicy {
  enum class Mode { No, OnFailure, Always, UnlessStopped };
  Mode mode = Mode::No;
  int max_attempts = 0;  ///< OnFailure: 0 means no limit
  friend bool operator==(const RestartPolicy&, const RestartPolicy&) = default;
};

struct LogOptions {
  std::string driver = "json-file";      ///< "json-file", "local" (both: our CRI files) or "none"
  std::optional<std::int64_t> max_size;  ///< bytes; none: no rotation
  int max_file = 1;
  friend bool operator==(const LogOptions&, const LogOptions&) = default;
};

/// Limits, all optional; a limit asked for that the host cannot apply is an error at start, never silence.
struct Resources {
  std::optional<std::int64_t> memory;              ///< bytes
  std::optional<std::int64_t> memory_swap;         ///< bytes, memory plus swap; -1: no limit
  std::optional<std::int64_t> memory_reservation;  ///< bytes
  std::optional<int> memory_swappiness;
  std::optional<double> cpus;
  std::optional<std::int64_t> cpu_shares;
  std::optional<std::int64_t> cpu_quota;   ///< microseconds
  std::optional<std::int64_t> cpu_period;  ///< microseconds
  std::string cpuset_cpus;
  std::optional<std::int64_t> pids;  ///< -1: no limit
  std::optional<bool> oom_kill_disable;
  std::optional<int> oom_score_adj;
  std::vector<std::string> device_rules;  ///< what parse_device_rule() takes: "c 1:3 rwm"
  friend bool operator==(const Resources&, const Resources&) = default;
};

struct Ulimit {
  std::string name;       ///< "nofile"
  std::int64_t soft = 0;  ///< -1: no limit
  std::int64_t hard = 0;
  friend bool operator==(const Ulimit&, const Ulimit&) = default;
};

struct Device {
  std::string source;
  std::string target;
  std::string permissions = "rwm";
  friend bool operator==(const Device&, const Device&) = default;
};

/// Everything an engine needs to make a container. Image defaults are already applied.
struct ContainerSpec {
  std::string name;  ///< full container name, unique within the data root
  std::string project;
  std::string service;
  int number = 1;        ///< replica number, from 1
  bool one_off = false;  ///< made by `run`
  ImageId image;
  std::string image_name;  ///< as the user wrote it, for `ps`
  std::map<std::string, std::string> labels;

  // process
  std::vector<std::string> args;
  std::vector<std::pair<std::string, std::string>> env;  ///< in order, one entry a name
  std::string working_dir;                               ///< empty: "/"
  std::string user;  ///< "", "name", "uid", "name:group", ...: resolved in the root file system at start
  std::vector<std::string> group_add;
  std::string hostname;  ///< empty: the short id
  std::string domainname;
  bool tty = false;
  bool stdin_open = false;
  bool init = false;        ///< a minimal init as PID 1
  std::string stop_signal;  ///< empty: SIGTERM
  std::chrono::nanoseconds stop_grace_period{std::chrono::seconds{10}};
  bool full_stop_grace = false;  ///< x-davit: wait even if PID 1 cannot receive the stop signal

  // isolation
  bool privileged = false;
  bool read_only = false;
  std::vector<std::string> cap_add;
  std::vector<std::string> cap_drop;
  std::vector<std::string> security_opt;
  std::vector<Ulimit> ulimits;
  std::map<std::string, std::string> sysctls;
  std::optional<std::int64_t> shm_size;
  std::vector<Device> devices;
  std::string pid_mode;  ///< "", "host", "container:<id>"
  std::string ipc_mode;  ///< "", "host", "private", "shareable", "none", "container:<id>"
  std::string uts_mode;  ///< "", "host"
  std::string runtime;   ///< "", "crun", "runc" or a path
  std::map<std::string, std::string> annotations;
  Resources resources;

  // file systems
  std::vector<Mount> mounts;
  std::vector<FileMount> files;

  // network
  std::string network_mode;  ///< "" or "bridge": `attachments`; "none"; "host"; "container:<id>"
  std::vector<Attachment> attachments;
  std::vector<Link> links;
  std::vector<PortMapping> ports;
  bool serves_dns = false;  ///< a program in it listens on port 53: the engine's own DNS server stays off it
  std::vector<std::pair<std::string, std::string>>
      extra_hosts;  ///< name, address ("host-gateway" resolved by the engine)
  std::vector<std::string> dns;
  std::vector<std::string> dns_search;
  std::vector<std::string> dns_options;

  // supervision
  std::optional<Healthcheck> healthcheck;
  RestartPolicy restart;
  bool auto_remove = false;  ///< remove the container when it has exited (`run --rm`)
  LogOptions logging;

  friend bool operator==(const ContainerSpec&, const ContainerSpec&) = default;
};

/// JSON for the protocol and the database. Unknown keys are ignored on reading, so that an older supervisor can be
/// talked to; a missing or mistyped known key throws Error naming it.
[[nodiscard]] std::string to_json(const ContainerSpec& spec);
[[nodiscard]] ContainerSpec container_spec_from_json(const std::string& text);

}  // namespace davit::engine
