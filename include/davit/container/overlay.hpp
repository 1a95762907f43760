#pragma once
// Overlay mounts: a container's root, the steps of a build and what a build sees of its context.

#include <string>
#include <vector>

namespace davit::container {

/// An overlay to mount. Metacopy, index and redirected folders are always off, so that `upper` is a plain layer.
struct Overlay {
  /// What happens when a program asks for its files to be on the disk (fsync).
  enum class Sync {
    AsAsked,
    Never,  ///< for what is thrown away after a crash anyway; kernels before 5.10 do as asked
  };

  std::vector<std::string> lower;  ///< absolute folders, topmost first, any number
  std::string upper;               ///< empty: read-only, which needs two lower folders at least
  std::string work;                ///< empty, on the file system of `upper`, used by no other mount
  Sync sync = Sync::AsAsked;
};

/// Mounts it at `target`. All folders exist. Throws Error that names the target and says what the kernel refused.
/// Needs the caller's private mount namespace. Source: Documentation/filesystems/overlayfs.rst of the kernel.
void mount_overlay(const Overlay& overlay, const std::string& target);

}  // namespace davit::container
