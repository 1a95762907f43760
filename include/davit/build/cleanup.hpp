#pragma once
// What a killed build left behind, found by its id and removed.

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "davit/base/diagnostic.hpp"
#include "davit/base/fd.hpp"

namespace davit::build {

/// Ends the processes of the build's steps, removes their cgroups, its network and firewall table, half-made layers and
/// its work folder. `busy` is the reading end of a pipe that OCI runtimes of the build hold open; one that is just
/// making a container is waited for and the container ended. Safe to repeat. The build must be dead.
void clear_dead_build(const std::filesystem::path& data_root, const std::string& id, std::optional<int> busy = {});

/// A build whose process is dead and which left a work folder, or a link on the host.
struct DeadBuild {
  std::string id;
  /// The work folder's, as long as this is kept: nobody else takes the build for dead, and none begins in that folder.
  /// None when only a link was left.
  Fd lock;
};

/// All of them on this data root. A folder that a build is just making may be among them: that build sees that it is
/// locked, and makes another one; so keep the lock until the folder is cleared. One that somebody else clears is not.
[[nodiscard]] std::vector<DeadBuild> dead_builds(const std::filesystem::path& data_root);

/// Clears all of them. What cannot be cleared keeps nobody from building: `warn` is told why, and the next build tries
/// again.
void clear_dead_builds(const std::filesystem::path& data_root, const std::function<void(const Diagnostic&)>& warn);

}  // namespace davit::build
