#pragma once
// What a killed build left behind, found by its id and removed.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace davit::build {

/// Ends the processes of the build's steps, removes their cgroups, its network and firewall table, half-made layers and
/// its work folder. `busy` is the reading end of a pipe that OCI runtimes of the build hold open; one that is just making
/// a container is waited for and the container ended. Safe to repeat. The build must be dead.
void clear_dead_build(const std::filesystem::path& data_root, const std::string& id, std::optional<int> busy = {});

/// The ids of builds whose process is dead and which left a work folder, or a link on the host.
[[nodiscard]] std::vector<std::string> dead_builds(const std::filesystem::path& data_root);

}  // namespace davit::build
