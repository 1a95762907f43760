#pragma once
// Mounts of one build step, in a mount namespace that ends with the thread that makes it: a crash leaves none behind.

#include <string>
#include <vector>

namespace davit::build {

/// Moves the calling thread into a mount namespace of its own, a slave of the host's. On hosts with cgroup v1
/// controllers the v2 tree beside them is unmounted in it: crun 1.8 refuses to run otherwise. Throws davit::Error.
void enter_private_mounts();

struct Overlay {
  std::vector<std::string> lower;  ///< topmost first
  std::string upper;               ///< empty: read-only, needs two lower folders at least
  std::string work;
};

/// Mounts it at `target`. Metacopy, redirected folders and index are off, so that `upper` is a plain layer.
void mount_overlay(const Overlay& overlay, const std::string& target);

/// Unmounts, lazily if something still holds it.
void unmount(const std::string& target) noexcept;

}  // namespace davit::build
