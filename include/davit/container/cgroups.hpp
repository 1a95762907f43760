#pragma once
// Control groups by path, whatever the version: who is in them, ending them, removing them.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "davit/container/host.hpp"

namespace davit::container {

/// Paths are relative to the hierarchy, such as "/davit/app-1a2b3c4d/<id>"; on v1 the same path in every controller.
class Cgroups {
 public:
  /// `root` is a parameter for tests.
  explicit Cgroups(CgroupMode mode, std::string root = "/sys/fs/cgroup");

  /// Makes the group and its parents where they are missing, also when another process takes an empty parent away
  /// meanwhile (prune_parents). As long as the group stands, its parents cannot vanish under a runtime that makes
  /// groups in there. Whatever cannot be made is left to the runtime, whose message tells why.
  void make(const std::string& path) const;
  /// Whether it is there, in any hierarchy.
  [[nodiscard]] bool exists(const std::string& path) const;
  /// Names of the groups directly below, sorted.
  [[nodiscard]] std::vector<std::string> children(const std::string& path) const;
  /// Every process in the group and below, each once.
  [[nodiscard]] std::vector<pid_t> processes(const std::string& path) const;
  /// Sends SIGKILL to every process in the group and below: cgroup.kill, or (v1) repeated signals under the freezer so
  /// that a fork bomb cannot outrun it. Does not wait for the end; processes() tells. A missing group is no error.
  void kill(const std::string& path) const;
  /// Removes the group and all below it, deepest first. Busy if a process is still in there. Missing is fine.
  enum class Removed { Yes, Busy };
  Removed remove(const std::string& path) const;
  /// Removes the parents of `path` (not the root) that have become empty. Call it after the project's own group has
  /// gone: groups of others stand below the same parents, see make().
  void prune_parents(const std::string& path) const;
  enum class Frozen { No, Yes };
  /// Stops or continues every process (pause, unpause). Throws Error when the freezer is missing.
  void freeze(const std::string& path, Frozen state) const;
  /// How often the kernel killed a process for want of memory in there; nullopt when it cannot be read.
  [[nodiscard]] std::optional<std::uint64_t> oom_kills(const std::string& path) const;
  /// The file whose change (inotify IN_MODIFY) tells that the last process has left the group and all below it:
  /// cgroup.events on v2 (cgroups(7)); nullopt on v1.
  [[nodiscard]] std::optional<std::string> events_file(const std::string& path) const;

 private:
  [[nodiscard]] std::vector<std::string> folders_of(const std::string& path) const;
  /// False: there is no freezer for it.
  bool freezes_or_is_gone(const std::string& path, Frozen state) const;
  [[nodiscard]] std::optional<std::string> folder_in(const std::string& controller, const std::string& path) const;

  CgroupMode mode_;
  std::string root_;
  std::vector<std::string> hierarchies_;  ///< absolute mount points
};

/// "/davit/<project>-<8 hex of sha256(run root)>": the group of a project, under which each container has its own.
[[nodiscard]] std::string project_cgroup(const std::string& project, const std::string& run_root);

}  // namespace davit::container
