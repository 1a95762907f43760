#include "davit/container/host.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace davit::container {
namespace {

constexpr long kCgroup2Magic = 0x63677270;

bool is_cgroup2(const std::string& folder) {
  struct statfs info{};
  return ::statfs(folder.c_str(), &info) == 0 && info.f_type == kCgroup2Magic;
}

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::set<std::string> words(const std::string& text) {
  std::istringstream in(text);
  std::set<std::string> out;
  for (std::string word; in >> word;) out.insert(word);
  return out;
}

/// v1: the controllers with a hierarchy below the root that this process is in.
std::set<std::string> v1_controllers(const std::string& cgroup_root) {
  std::set<std::string> out;
  std::ifstream file("/proc/cgroups");
  for (std::string line; std::getline(file, line);) {
    std::istringstream in(line);
    std::string name;
    in >> name;
    std::error_code error;
    if (!name.empty() && name[0] != '#' && std::filesystem::is_directory(cgroup_root + "/" + name, error))
      out.insert(name);
  }
  return out;
}

void detect_cgroups(const std::string& root, HostFacts& host) {
  if (is_cgroup2(root)) {
    host.cgroups = CgroupMode::Unified;
    host.controllers = words(first_line(root + "/cgroup.controllers"));
    // The root group itself has no memory.swap.max; the kernel says so where swap is not accounted.
    host.swap_accounting = host.controllers.contains("memory") && std::filesystem::exists("/proc/swaps");
    return;
  }
  host.controllers = v1_controllers(root);
  host.cgroups = is_cgroup2(root + "/unified") ? CgroupMode::Hybrid : CgroupMode::Legacy;
  host.swap_accounting = std::filesystem::exists(root + "/memory/memory.memsw.limit_in_bytes");
}

/// As Go names architectures, which is what image configs and seccomp profiles use.
std::string go_arch(const std::string& machine) {
  if (machine == "x86_64") return "amd64";
  if (machine == "aarch64") return "arm64";
  if (machine == "i686" || machine == "i386") return "386";
  if (machine.starts_with("armv")) return "arm";
  return machine;  // riscv64, s390x, ppc64le, loongarch64 are the same
}

bool has_apparmor_profile(const std::string& name) {
  std::ifstream file("/sys/kernel/security/apparmor/profiles");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(name + " ")) return true;
  return false;
}

/// Containers have holes, and so may the bounding set of a davit that runs in one.
std::uint64_t bounding_set() {
  std::uint64_t out = 0;
  for (unsigned number = 0; number < 64; ++number) {
    const int state = ::prctl(PR_CAPBSET_READ, number, 0, 0, 0);
    if (state < 0) break;  // the kernel knows no more
    if (state == 1) out |= std::uint64_t{1} << number;
  }
  return out;
}

}  // namespace

std::string_view to_string(CgroupMode mode) {
  switch (mode) {
    case CgroupMode::Unified:
      return "v2";
    case CgroupMode::Hybrid:
      return "hybrid";
    case CgroupMode::Legacy:
      return "v1";
  }
  return "";
}

HostFacts detect_host(const std::string& cgroup_root) {
  HostFacts host;
  detect_cgroups(cgroup_root, host);
  utsname names{};
  if (::uname(&names) == 0) {
    host.arch = go_arch(names.machine);
    std::istringstream release(names.release);
    char dot = 0;
    release >> host.kernel_major >> dot >> host.kernel_minor;
  }
  host.seccomp = ::prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0;
  host.apparmor_docker_default = has_apparmor_profile("docker-default");
  const long cpus = ::sysconf(_SC_NPROCESSORS_ONLN);
  if (cpus > 0) host.cpus = static_cast<unsigned>(cpus);
  for (unsigned cpu = 0; cpu < host.cpus; ++cpu) {
    std::string folder = "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/thermal_throttle";
    if (::access(folder.c_str(), F_OK) == 0) host.thermal_throttle.push_back(std::move(folder));
  }
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0) host.open_files = files.rlim_max;
  host.capabilities = bounding_set();
  return host;
}

}  // namespace davit::container
