#pragma once
// What a service mounts: volumes, host folders, tmpfs, secrets, configs, devices.

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "davit/base/span.hpp"

namespace davit::model {

enum class MountType { Volume, Bind, Tmpfs, Image, Cluster, NamedPipe };

/// One entry of `volumes:`, in its long form.
struct Mount {
  Span where;
  MountType type = MountType::Volume;
  /// Volume: key in Project::volumes, empty for an anonymous volume. Bind: absolute host path. Image: image reference.
  std::string source;
  std::string target;  ///< absolute path in the container
  bool read_only = false;
  std::string consistency;

  // Bind
  std::string propagation;
  bool create_host_path = false;  ///< make the host folder when it is missing
  std::string recursive;          ///< "", "enabled", "disabled", "writable" or "readonly"
  std::string selinux;            ///< "", "z" or "Z"

  // Volume
  bool no_copy = false;  ///< do not fill a fresh volume from the image
  std::string subpath;   ///< of a volume or an image
  std::map<std::string, std::string> labels;

  // Tmpfs
  std::optional<std::int64_t> tmpfs_size;  ///< bytes
  std::optional<std::uint32_t> tmpfs_mode;

  friend bool operator==(const Mount&, const Mount&) = default;
};

/// An entry of `tmpfs:`, split at its first colon: "/run:size=64m,mode=1777".
struct TmpfsMount {
  Span where;
  std::string target;
  std::string options;  ///< mount options, comma separated, may be empty
  friend bool operator==(const TmpfsMount&, const TmpfsMount&) = default;
};

/// Grants a secret or a config to a service.
struct FileGrant {
  Span where;
  std::string source;  ///< key in Project::secrets or Project::configs
  std::string target;  ///< absolute path in the container
  std::optional<std::string> uid;
  std::optional<std::string> gid;
  std::optional<std::uint32_t> mode;  ///< permission bits; unset means 0444
  friend bool operator==(const FileGrant&, const FileGrant&) = default;
};

struct Device {
  Span where;
  std::string source;  ///< host path, or a CDI name ("vendor.com/class=name")
  std::string target;
  std::string permissions;  ///< subset of "rwm"
  friend bool operator==(const Device&, const Device&) = default;
};

}  // namespace davit::model
