#pragma once
// The container's root file system: overlay mounts, and acts inside a root that cannot be led out of it.

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "davit/base/fd.hpp"

namespace davit::container {

/// Mounts a container's root. `layers` are absolute folders, lowest first; chains of any length work. `upper` and
/// `work` are on the same file system, made when missing. No layers: `upper` alone is bound. Throws Error naming the
/// target. Needs the caller's private mount namespace.
void mount_root(const std::vector<std::string>& layers, const std::string& upper, const std::string& work,
                const std::string& target);

/// Mount points at and below `folder` in the mount namespace of the calling thread, in the order they were mounted.
[[nodiscard]] std::vector<std::string> mount_points(const std::string& folder);

/// Unmounts everything at and below `folder`, deepest first, lazily where something is busy. Nothing there is fine.
void unmount_below(const std::string& folder);

/// A folder as a root: every path is resolved inside it (openat2, RESOLVE_IN_ROOT), so a symbolic link to /etc in an
/// image means the image's /etc.
class Root {
 public:
  /// Throws Error if it cannot be opened.
  explicit Root(const std::string& folder);

  [[nodiscard]] int fd() const { return fd_.get(); }
  /// Opens a path; an invalid Fd, with errno set, if that fails.
  [[nodiscard]] Fd open(const std::string& path, int flags, mode_t mode = 0) const;
  /// Makes missing folders of the path with this mode and owner root. Throws Error "not a directory" if a file is
  /// there.
  void make_folders(const std::string& path, mode_t mode = 0755) const;
  /// The text of a small file, or "" if it is absent. Throws Error if it is over a mebibyte.
  [[nodiscard]] std::string read(const std::string& path) const;

 private:
  Fd fd_;
};

}  // namespace davit::container
