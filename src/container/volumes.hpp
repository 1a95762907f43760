#pragma once
// Volumes, binds and tmpfs of a container as mounts of its config. Private to the room.

#include <map>
#include <string>
#include <vector>

#include "davit/container/bundle.hpp"
#include "davit/container/rootfs.hpp"

namespace davit::container {

/// Makes missing bind sources where asked, fills empty volumes from the image unless `marker` exists (and makes it),
/// and returns the mounts, parents before children. Parts of volumes are mounted in the bundle folder. Throws Error
/// naming the mount.
[[nodiscard]] std::vector<OciMount> prepare_mounts(const engine::ContainerSpec& spec,
                                                   const std::map<std::string, std::string>& volumes, const Root& root,
                                                   const std::string& marker, const std::string& bundle_dir,
                                                   const HostFacts& host);

}  // namespace davit::container
