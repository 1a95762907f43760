#include "davit/container/cgroups.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "davit/base/error.hpp"
#include "davit/base/fd.hpp"
#include "davit/base/sha256.hpp"

namespace davit::container {
namespace {

namespace fs = std::filesystem;

std::string read_text(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream out;
  out << file.rdbuf();
  return out.str();
}

/// 0 or an errno value.
int write_text(const std::string& path, const std::string& text) {
  const Fd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file) return errno;
  return ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : errno;
}

/// A project that ends removes the parent once; this many cannot be in the way one after the other.
constexpr int kTriesToMake = 1000;

/// Makes `path` ("/a/b") below an existing folder. False when a parent went away after it was made.
bool try_to_make(const std::string& hierarchy, const std::string& path) {
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    if (::mkdir((hierarchy + path.substr(0, end)).c_str(), 0755) != 0 && errno == ENOENT) return false;
    if (end == std::string::npos) return true;
  }
}

/// The folder and all below it, deepest first.
void collect_folders(const fs::path& folder, std::vector<std::string>& out) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    if (entry->is_directory(ignored) && !entry->is_symlink(ignored)) collect_folders(entry->path(), out);
  }
  out.push_back(folder.string());
}

void collect_processes(const std::string& hierarchy_folder, std::set<pid_t>& out) {
  std::vector<std::string> folders;
  collect_folders(hierarchy_folder, folders);
  for (const std::string& folder : folders) {
    std::istringstream in(read_text(folder + "/cgroup.procs"));
    for (pid_t pid = 0; in >> pid;)
      if (pid > 0) out.insert(pid);  // 0: a process of another PID namespace, which we could not signal
  }
}

std::optional<std::uint64_t> value_of(const std::string& text, const std::string& key) {
  std::istringstream in(text);
  std::string name;
  for (std::uint64_t value = 0; in >> name >> value;)
    if (name == key) return value;
  return std::nullopt;
}

/// Mount points of the v1 hierarchies: a co-mounted one ("cpu,cpuacct") counts once, links to it not at all.
std::vector<std::string> v1_hierarchies(const std::string& root) {
  std::vector<std::string> out;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(root, error)) {
    std::error_code ignored;
    if (!entry.is_symlink(ignored) && fs::exists(entry.path() / "cgroup.procs", ignored))
      out.push_back(entry.path().string());
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

Cgroups::Cgroups(CgroupMode mode, std::string root) : mode_(mode), root_(std::move(root)) {
  if (mode_ == CgroupMode::Unified)
    hierarchies_.push_back(root_);
  else
    hierarchies_ = v1_hierarchies(root_);
}

std::vector<std::string> Cgroups::folders_of(const std::string& path) const {
  std::vector<std::string> out;
  for (const std::string& hierarchy : hierarchies_)
    if (::access((hierarchy + path).c_str(), F_OK) == 0) out.push_back(hierarchy + path);
  return out;
}

std::optional<std::string> Cgroups::folder_in(const std::string& controller, const std::string& path) const {
  std::string folder = mode_ == CgroupMode::Unified ? root_ + path : root_ + "/" + controller + path;
  if (::access(folder.c_str(), F_OK) != 0) return std::nullopt;
  return folder;
}

void Cgroups::make(const std::string& path) const {
  for (const std::string& hierarchy : hierarchies_)
    for (int i = 0; i < kTriesToMake && !try_to_make(hierarchy, path); ++i) {
    }
}

bool Cgroups::exists(const std::string& path) const {
  return !folders_of(path).empty();
}

std::vector<std::string> Cgroups::children(const std::string& path) const {
  std::set<std::string> names;
  for (const std::string& folder : folders_of(path)) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error))
      if (std::error_code ignored; entry.is_directory(ignored)) names.insert(entry.path().filename().string());
  }
  return {names.begin(), names.end()};
}

std::vector<pid_t> Cgroups::processes(const std::string& path) const {
  std::set<pid_t> out;
  for (const std::string& folder : folders_of(path)) collect_processes(folder, out);
  return {out.begin(), out.end()};
}

void Cgroups::kill(const std::string& path) const {
  if (mode_ == CgroupMode::Unified) {
    const int error = write_text(root_ + path + "/cgroup.kill", "1");
    if (error == 0 || !exists(path)) return;
  }
  // Frozen processes cannot fork, so one round reaches all. Without a freezer a few rounds have to do.
  const bool frozen = freezes_or_is_gone(path, Frozen::Yes);
  constexpr int kRounds = 20;
  std::set<pid_t> signalled;
  for (int round = 0; round < kRounds; ++round) {
    bool found_new = false;
    for (const pid_t pid : processes(path))
      if (signalled.insert(pid).second) {
        found_new = true;
        ::kill(pid, SIGKILL);  // ESRCH: it has just ended, which is what is wanted
      }
    if (!found_new || frozen) break;
  }
  if (frozen) (void)freezes_or_is_gone(path, Frozen::No);
}

Cgroups::Removed Cgroups::remove(const std::string& path) const {
  Removed result = Removed::Yes;
  for (const std::string& top : folders_of(path)) {
    std::vector<std::string> folders;
    collect_folders(top, folders);
    for (const std::string& folder : folders) {
      if (::rmdir(folder.c_str()) == 0 || errno == ENOENT) continue;
      if (errno != EBUSY) throw_system_error("remove cgroup", folder, errno);
      result = Removed::Busy;
    }
  }
  return result;
}

void Cgroups::prune_parents(const std::string& path) const {
  for (fs::path parent = fs::path(path).parent_path(); parent.has_relative_path(); parent = parent.parent_path())
    for (const std::string& hierarchy : hierarchies_)
      ::rmdir((hierarchy + parent.string()).c_str());  // refused while another container is in there
}

bool Cgroups::freezes_or_is_gone(const std::string& path, Frozen state) const {
  if (!folder_in("freezer", path)) return false;
  try {
    freeze(path, state);
  } catch (const Error&) {
    if (exists(path)) throw;
  }
  return true;
}

void Cgroups::freeze(const std::string& path, Frozen state) const {
  const auto folder = folder_in("freezer", path);
  if (!folder) throw Error("cannot pause '" + path + "': there is no freezer cgroup for it");
  const bool on = state == Frozen::Yes;
  const std::string file = *folder + (mode_ == CgroupMode::Unified ? "/cgroup.freeze" : "/freezer.state");
  const std::string value = mode_ == CgroupMode::Unified ? (on ? "1" : "0") : (on ? "FROZEN" : "THAWED");
  if (const int error = write_text(file, value)) throw_system_error(on ? "freeze" : "thaw", file, error);
}

std::optional<std::uint64_t> Cgroups::oom_kills(const std::string& path) const {
  const auto folder = folder_in("memory", path);
  if (!folder) return std::nullopt;
  const char* file = mode_ == CgroupMode::Unified ? "/memory.events" : "/memory.oom_control";
  return value_of(read_text(*folder + file), "oom_kill");
}

std::optional<std::string> Cgroups::events_file(const std::string& path) const {
  if (mode_ != CgroupMode::Unified) return std::nullopt;
  return root_ + path + "/cgroup.events";
}

std::string project_cgroup(const std::string& project, const std::string& run_root) {
  return "/davit/" + project + "-" + sha256_hex(run_root).substr(0, 8);
}

}  // namespace davit::container
