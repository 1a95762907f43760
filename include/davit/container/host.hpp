#pragma once
// What this machine can do, asked once, given to the pure functions as a value.

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace davit::container {

/// How cgroups are mounted: v2 alone; v1 controllers with a v2 tree beside them; v1 alone.
enum class CgroupMode { Unified, Hybrid, Legacy };

[[nodiscard]] std::string_view to_string(CgroupMode mode);  ///< "v2", "hybrid", "v1"

struct HostFacts {
  CgroupMode cgroups = CgroupMode::Unified;
  /// v2: what cgroup.controllers of the root says ("memory"). v1: the mounted controllers. hugetlb_… sizes not
  /// included.
  std::set<std::string> controllers;
  bool swap_accounting = true;  ///< a limit on memory plus swap can be set
  bool seccomp = true;
  bool apparmor_docker_default = false;  ///< the profile "docker-default" is loaded
  int kernel_major = 6;
  int kernel_minor = 1;
  std::string arch = "amd64";  ///< as Go names it
  unsigned cpus = 1;           ///< online
  std::vector<std::string>
      thermal_throttle;               ///< /sys/devices/system/cpu/cpuN/thermal_throttle folders, masked in containers
  std::uint64_t open_files = 524288;  ///< davit's hard limit of open descriptors (RLIMIT_NOFILE)
  std::uint64_t capabilities = 0x1ffffffffff;  ///< that davit can give away: its bounding set, bit n for number n

  friend bool operator==(const HostFacts&, const HostFacts&) = default;
};

/// Reads /proc and /sys. `cgroup_root` is a parameter for tests.
[[nodiscard]] HostFacts detect_host(const std::string& cgroup_root = "/sys/fs/cgroup");

}  // namespace davit::container
