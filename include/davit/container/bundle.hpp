#pragma once
// A container made ready to start: root file system mounted, volumes filled, files written, config.json in place.

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "davit/base/strong.hpp"
#include "davit/container/host.hpp"
#include "davit/container/oci_spec.hpp"
#include "davit/container/seccomp.hpp"
#include "davit/engine/container_spec.hpp"

namespace davit::container {

/// What /etc/hosts, /etc/hostname and /etc/resolv.conf say.
struct NameFiles {
  std::string hostname;  ///< short name
  std::string domainname;
  std::vector<std::pair<std::string, std::string>> hosts;  ///< address, names separated by blanks; after localhost
  std::optional<std::string> hosts_file;  ///< the whole file, instead of localhost and the above (network_mode "host")
  std::vector<std::string> nameservers;
  std::vector<std::string> search;
  std::vector<std::string> options;
  std::optional<std::string> resolv_conf;  ///< the whole file, instead of the three above (network_mode "host")
};

struct BundleInputs {
  ContainerId id;
  std::vector<std::string> layers;             ///< the image's, absolute folders, lowest first
  std::string container_dir;                   ///< in the data root: upper/ and work/ live here, across restarts
  std::string bundle_dir;                      ///< in the run root: made here, removed by remove_bundle
  std::map<std::string, std::string> volumes;  ///< name of each volume in spec.mounts to its absolute folder (…/_data)
  NameFiles names;
  std::string cgroups_path;
  std::string netns_path;  ///< as OciInputs
  std::string pidns_path;
  std::string ipcns_path;
  /// With an IPC namespace comes its shared memory: the folder shared_memory_dir() of the container that lends it, or
  /// the host's /dev/shm. Empty: this container's own.
  std::string shm_source;
  FilterForm filter = FilterForm::Bpf;  ///< OciRuntime::filter_form()
  std::string cache_dir;                ///< for compiled seccomp programs
  std::string init_binary;              ///< davit-init on the host; needed when spec.init
  std::optional<std::pair<unsigned, unsigned>> console_size;
  HostFacts host;
};

struct Bundle {
  std::string dir;     ///< holds config.json
  std::string rootfs;  ///< mounted
  ResolvedUser user;
};

/// Mounts, fills, writes. Must run in davit's private mount namespace. Blocking; a first start that copies an image's
/// files into an empty volume can take long: run it on a WorkerPool if it must not hold up the loop.
/// When it throws (Error, naming what failed), everything it mounted is unmounted again and the bundle folder removed.
/// The content of secrets is only on a tmpfs mounted in the bundle folder.
[[nodiscard]] Bundle prepare_bundle(const engine::ContainerSpec& spec, const BundleInputs& inputs);

/// Where in its bundle a container that lends its IPC namespace ("shareable"), or has joined another's, has what it
/// sees at /dev/shm. The namespace alone does not lead there: the runtimes follow no path into another container.
[[nodiscard]] std::string shared_memory_dir(const std::string& bundle_dir);

/// Unmounts everything below the folder and removes it. Safe to repeat, also for a bundle of a crashed supervisor.
/// The container must have ended.
void remove_bundle(const std::string& bundle_dir);

/// Text of the files, for tests and for changes while a container runs.
[[nodiscard]] std::string hosts_text(const NameFiles& names);
[[nodiscard]] std::string resolv_conf_text(const NameFiles& names);

}  // namespace davit::container
