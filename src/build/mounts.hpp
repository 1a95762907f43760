#pragma once
// Mounts of one build step, in a mount namespace that ends with the thread that makes it: a crash leaves none behind.

#include <string>
#include <vector>

namespace davit::build {

/// Moves the calling thread into a mount namespace of its own, a slave of the host's. On hosts with cgroup v1
/// controllers the v2 tree beside them is unmounted in it: crun 1.8 refuses to run otherwise. Throws davit::Error.
void enter_private_mounts();

/// Shows a file or folder at another place, with all that is mounted below it, and nothing of it can be written there.
/// Private: what is mounted at the one place later does not show at the other. Throws davit::Error.
void bind_read_only(const std::string& from, const std::string& target);

/// What is mounted below an absolute folder without links in its path: paths, in the order of mounting.
[[nodiscard]] std::vector<std::string> mounts_below(const std::string& folder);

/// Unmounts, lazily if something still holds it.
void unmount(const std::string& target) noexcept;

}  // namespace davit::build
