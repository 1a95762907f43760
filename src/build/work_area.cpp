#include "build/work_area.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <fstream>
#include <vector>

#include "davit/base/error.hpp"

namespace davit::build {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFolderPrefix = "work-";
constexpr int kWaitForDeathMs = 2000;

/// Roots of the cgroup hierarchies: the mount itself (v2) and the folders in it (v1, hybrid).
std::vector<fs::path> hierarchies() {
  std::vector<fs::path> out{"/sys/fs/cgroup"};
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/sys/fs/cgroup", error))
    if (entry.is_directory(error) && !entry.is_symlink(error)) out.push_back(entry.path());
  return out;
}

std::vector<pid_t> processes_in(const fs::path& folder) {
  std::vector<pid_t> out;
  std::ifstream file(folder / "cgroup.procs");
  for (pid_t pid = 0; file >> pid;) out.push_back(pid);
  return out;
}

/// The groups of a dead build, by prefix.
void sweep_cgroups(const std::string& prefix) {
  for (const fs::path& root : hierarchies()) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(root / "davit", error)) {
      const std::string name = entry.path().filename().string();
      if (!name.starts_with(prefix + "-")) continue;
      for (const pid_t pid : processes_in(entry.path())) {
        const Fd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
        if (!process) continue;
        (void)::kill(pid, SIGKILL);
        struct pollfd wait {
          process.get(), POLLIN, 0
        };
        (void)::poll(&wait, 1, kWaitForDeathMs);
      }
      (void)::rmdir(entry.path().c_str());
    }
  }
}

void sweep_dead_builds(const fs::path& parent) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(parent, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(kFolderPrefix)) continue;
    const Fd lock(::open(entry.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!lock || ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) continue;  // its build lives
    sweep_cgroups("build-" + name.substr(kFolderPrefix.size()));
    fs::remove_all(entry.path(), error);
  }
}

}  // namespace

WorkArea::WorkArea(const fs::path& data_root) {
  const fs::path parent = data_root / "build";
  std::error_code error;
  fs::create_directories(parent, error);
  if (error) throw_system_error("make folder", parent.string(), error.value());
  sweep_dead_builds(parent);
  std::string name = (parent / (std::string(kFolderPrefix) + "XXXXXX")).string();
  if (::mkdtemp(name.data()) == nullptr) throw_system_error("make folder", name, errno);
  path_ = name;
  prefix_ = "build-" + path_.filename().string().substr(kFolderPrefix.size());
  lock_ = Fd(::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!lock_ || ::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) throw_system_error("lock", name, errno);
}

WorkArea::~WorkArea() {
  std::error_code error;
  fs::remove_all(path_, error);
}

fs::path WorkArea::folder(const std::string& name) const {
  fs::path out = path_ / name;
  std::error_code error;
  fs::create_directories(out, error);
  if (error) throw_system_error("make folder", out.string(), error.value());
  return out;
}

void kill_cgroup(const std::string& cgroup) noexcept {
  try {
    for (const fs::path& root : hierarchies())
      for (const pid_t pid : processes_in(root.string() + cgroup)) (void)::kill(pid, SIGKILL);
  } catch (const std::exception&) {
    // Out of memory: the caller tries again.
  }
}

void remove_cgroup(const std::string& cgroup) noexcept {
  try {
    for (const fs::path& root : hierarchies()) (void)::rmdir((root.string() + cgroup).c_str());
  } catch (const std::exception&) {
    // Left for the next build, which sweeps.
  }
}

}  // namespace davit::build
