#pragma once
// The folder in which a build works, and the cgroups of its steps; both found and removed by a later build if this one
// is killed.

#include <filesystem>
#include <string>

#include "davit/base/fd.hpp"

namespace davit::build {

class WorkArea {
 public:
  /// Makes `<data root>/build/work-XXXXXX`, after removing what dead builds left (their processes too).
  explicit WorkArea(const std::filesystem::path& data_root);
  WorkArea(const WorkArea&) = delete;
  WorkArea& operator=(const WorkArea&) = delete;
  ~WorkArea();

  /// A new folder in it.
  [[nodiscard]] std::filesystem::path folder(const std::string& name) const;
  /// Path of a step's cgroup below every hierarchy: "/davit/build-XXXXXX-3".
  [[nodiscard]] std::string cgroup(const std::string& name) const { return "/davit/" + prefix_ + "-" + name; }

 private:
  std::filesystem::path path_;
  std::string prefix_;
  Fd lock_;
};

/// Sends SIGKILL to all processes in the cgroup, in whatever hierarchy it is. A missing one is no error.
void kill_cgroup(const std::string& cgroup) noexcept;
/// Removes it where it is empty.
void remove_cgroup(const std::string& cgroup) noexcept;

}  // namespace davit::build
