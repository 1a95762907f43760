#include "davit/container/doctor.hpp"

#include <nftables/libnftables.h>
#include <sched.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <thread>

#include "davit/base/error.hpp"
#include "davit/base/units.hpp"
#include "davit/container/host.hpp"
#include "davit/container/oci_runtime.hpp"
#include "davit/container/rootfs.hpp"
#include "davit/process/run.hpp"

namespace davit::container {
namespace {

namespace fs = std::filesystem;
using Outcome = Check::Outcome;

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

Check check_kernel(const HostFacts& host) {
  utsname names{};
  ::uname(&names);
  const std::string release = std::string(names.sysname) + " " + names.release + " " + names.machine;
  const auto is_before = [&](int major, int minor) {
    return host.kernel_major < major || (host.kernel_major == major && host.kernel_minor < minor);
  };
  // 5.6: openat2, pidfd_open, clone3. 5.12: mount_setattr. Everything else has a way round.
  if (is_before(5, 6)) return {"kernel", Outcome::Failed, release, "davit needs Linux 5.6 or newer"};
  if (is_before(5, 12))
    return {"kernel", Outcome::Warning, release, "RUN --mount=type=bind of builds needs Linux 5.12 or newer"};
  return {"kernel", Outcome::Ok, release, ""};
}

Check check_rights() {
  if (::geteuid() == 0) return {"rights", Outcome::Ok, "root", ""};
  return {"rights", Outcome::Failed, "user id " + std::to_string(::geteuid()),
          "run davit as root: without it is not supported yet"};
}

Check check_cgroups(const HostFacts& host) {
  std::string missing;
  for (const char* name : {"cpu", "cpuset", "memory", "pids"})
    if (!host.controllers.contains(name)) missing += std::string(missing.empty() ? "" : " ") + name;
  std::string detail(to_string(host.cgroups));
  detail += ":";
  for (const std::string& name : host.controllers) detail += " " + name;
  if (missing.empty()) return {"cgroups", Outcome::Ok, detail, ""};
  return {"cgroups", Outcome::Warning, detail + "; missing: " + missing,
          "limits that need these controllers are refused; check the kernel's command line (cgroup_enable=)"};
}

/// A folder of our own below the run root, removed at the end.
class Scratch {
 public:
  explicit Scratch(const std::string& parent) : path_(parent + "/doctor-" + std::to_string(::getpid())) {
    fs::create_directories(path_);
  }
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

Check check_overlay(const std::string& data_root) {
  try {
    const Scratch scratch(data_root);
    const std::string& folder = scratch.path();
    fs::create_directories(folder + "/lower");
    mount_root({folder + "/lower"}, folder + "/upper", folder + "/work", folder + "/merged");
    unmount_below(folder);
    return {"overlayfs", Outcome::Ok, "works in " + data_root, ""};
  } catch (const std::exception& e) {
    return {"overlayfs", Outcome::Failed, e.what(),
            "load it (modprobe overlay), or choose a data root on another file system (--data-root)"};
  }
}

Check check_namespace(const std::string& name, int flag) {
  int error = 0;
  std::thread([&] { error = ::unshare(flag) == 0 ? 0 : errno; }).join();  // ends with the thread
  if (error == 0) return {name, Outcome::Ok, "can be made", ""};
  return {name, Outcome::Failed, system_error_text(error), "davit needs CAP_SYS_ADMIN, and a kernel with namespaces"};
}

Check check_user_namespaces() {
  const std::string limit = first_line("/proc/sys/user/max_user_namespaces");
  if (!limit.empty() && limit != "0") return {"user namespaces", Outcome::Ok, "at most " + limit, ""};
  return {"user namespaces", Outcome::Warning, limit.empty() ? "not in this kernel" : "switched off",
          "only needed without root: sysctl -w user.max_user_namespaces=10000"};
}

Check check_seccomp(const HostFacts& host) {
  if (host.seccomp) return {"seccomp", Outcome::Ok, "system calls can be filtered", ""};
  return {"seccomp", Outcome::Warning, "not in this kernel", "containers run without a filter of system calls"};
}

Check check_nftables() {
  const std::unique_ptr<nft_ctx, void (*)(nft_ctx*)> context(::nft_ctx_new(NFT_CTX_DEFAULT), ::nft_ctx_free);
  if (!context) return {"nftables", Outcome::Failed, "the library does not start", ""};
  ::nft_ctx_buffer_output(context.get());
  ::nft_ctx_buffer_error(context.get());
  if (::nft_run_cmd_from_buffer(context.get(), "list tables") == 0) return {"nftables", Outcome::Ok, "usable", ""};
  std::string said = ::nft_ctx_get_error_buffer(context.get());
  said = said.substr(0, said.find('\n'));
  return {"nftables", Outcome::Failed, said.empty() ? "refused" : said,
          "load it (modprobe nf_tables); it needs CAP_NET_ADMIN"};
}

Check check_forwarding() {
  if (first_line("/proc/sys/net/ipv4/ip_forward") == "1") return {"ip forwarding", Outcome::Ok, "on", ""};
  if (::geteuid() == 0) return {"ip forwarding", Outcome::Ok, "off; the first network turns it on", ""};
  return {"ip forwarding", Outcome::Warning, "off",
          "containers cannot reach other hosts without it: sysctl -w net.ipv4.ip_forward=1"};
}

Check check_ports() {
  const std::string first = first_line("/proc/sys/net/ipv4/ip_unprivileged_port_start");
  if (::geteuid() == 0 || first == "0") return {"ports below 1024", Outcome::Ok, "can be published", ""};
  return {"ports below 1024", Outcome::Warning, "from " + first + " on",
          "sysctl -w net.ipv4.ip_unprivileged_port_start=0"};
}

Check check_folder(const std::string& name, const std::string& folder) {
  try {
    const Scratch scratch(folder);
    return {name, Outcome::Ok, folder, ""};
  } catch (const fs::filesystem_error& e) {
    return {name, Outcome::Failed, "cannot write in " + folder + ": " + e.code().message(),
            "choose another (--data-root, --run-root)"};
  }
}

Check check_space(const std::string& folder) {
  constexpr std::uint64_t kEnough = std::uint64_t{2} << 30U;
  constexpr std::uint64_t kLeast = std::uint64_t{100} << 20U;
  struct statvfs info{};
  if (::statvfs(folder.c_str(), &info) != 0) return {"disk space", Outcome::Warning, system_error_text(errno), ""};
  const std::uint64_t free = static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
  const std::string detail = format_bytes(static_cast<std::int64_t>(free)) + " free for " + folder;
  if (free >= kEnough) return {"disk space", Outcome::Ok, detail, ""};
  return {"disk space", free < kLeast ? Outcome::Failed : Outcome::Warning, detail,
          "remove images (davit image rm), or move the data root"};
}

Check check_helper(const std::string& name) {
  if (const auto path = process::find_helper(name)) return {name, Outcome::Ok, *path, ""};
  return {name, Outcome::Failed, "not found", "it belongs beside davit, or in ../libexec/davit: install davit again"};
}

Task<Check> check_one_runtime(Timers& timers, std::string name, std::string scratch, HostFacts host) {
  const auto path = process::find_program(name);
  if (!path) co_return Check{name, Outcome::Warning, "not installed", "apt-get install " + name};
  const RuntimeCheck check = co_await check_runtime(timers, *path, scratch, host);
  const std::string what = check.program.version.empty() ? *path : "version " + check.program.version;
  if (check.failure.empty()) co_return Check{name, Outcome::Ok, what + ", started a container", ""};
  co_return Check{name, Outcome::Warning, what + ": " + check.failure,
                  "davit uses the first of crun and runc that works"};
}

/// One working runtime is enough.
Task<void> add_runtimes(Timers& timers, std::vector<Check>& checks, std::string scratch, HostFacts host) {
  bool works = false;
  for (const char* name : {"crun", "runc"}) {
    Check check = co_await check_one_runtime(timers, name, scratch, host);
    works = works || check.outcome == Outcome::Ok;
    checks.push_back(std::move(check));
  }
  if (!works)
    checks.push_back({"container runtime", Outcome::Failed, "none works", "see the messages of crun and runc above"});
}

}  // namespace

Task<std::vector<Check>> examine_machine(Timers& timers, DoctorOptions options) {
  const HostFacts& host = options.host;
  std::vector<Check> checks{check_kernel(host), check_rights(), check_cgroups(host)};
  checks.push_back(check_folder("data root", options.data_root));
  checks.push_back(check_folder("run root", options.run_root));
  checks.push_back(check_space(options.data_root));
  checks.push_back(check_overlay(options.data_root));
  checks.push_back(check_namespace("mount namespaces", CLONE_NEWNS));
  checks.push_back(check_namespace("network namespaces", CLONE_NEWNET));
  checks.push_back(check_user_namespaces());
  checks.push_back(check_seccomp(host));
  // Not in the run root: systemd mounts /run noexec, and images are in the data root.
  co_await add_runtimes(timers, checks, options.data_root, host);
  checks.push_back(check_nftables());
  checks.push_back(check_forwarding());
  checks.push_back(check_ports());
  for (const char* name : {"davit-keeper", "davit-init"}) checks.push_back(check_helper(name));
  co_return checks;
}

}  // namespace davit::container
