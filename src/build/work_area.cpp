#include "build/work_area.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "build/names.hpp"
#include "davit/base/error.hpp"
#include "davit/build/cleanup.hpp"
#include "davit/build/prune.hpp"
#include "davit/image/remove_tree.hpp"

namespace davit::build {
namespace {

namespace fs = std::filesystem;

void make_folders(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) throw_system_error("make folder", path.string(), error.value());
}

/// The lock of a new folder; an empty Fd when another build has locked or removed it. After any other failure the
/// folder is gone.
Fd lock_folder(const std::string& folder) {
  const auto give_up = [&folder](std::string_view doing, int error) {
    ::rmdir(folder.c_str());
    throw_system_error(doing, folder, error);
  };
  Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd && errno != ENOENT) give_up("open", errno);
  while (fd && ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return {};
    if (errno != EINTR) give_up("lock", errno);
  }
  return fd;
}

}  // namespace

WorkArea::WorkArea(const fs::path& data_root, const std::string& davit,
                   const std::function<void(const Diagnostic&)>& warn)
    : data_root_(data_root) {
  make_folders(data_root / "build");
  clear_dead_builds(data_root, warn);
  tell_of_last_pruning(data_root, warn);
  make_locked_folder();
  if (!davit.empty()) guard_.emplace(davit, data_root, id_, lock_);
}

WorkArea::~WorkArea() {
  try {
    image::remove_tree(path_);
  } catch (const std::exception&) {
    guard_has_work_ = true;  // it tries again, and after it the next build, which says why it cannot
  }
  if (guard_ && !guard_has_work_ && !automatic_pruning_is_due(data_root_)) guard_->dismiss();
}

void WorkArea::make_locked_folder() {
  for (;;) {
    std::string name = work_folder(data_root_, "XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw_system_error("make folder", name, errno);
    lock_ = lock_folder(name);
    path_ = name;
    id_ = id_of_work_folder(path_);
    // Before it is locked it looks abandoned: another build that begins may have taken it, and removes it then.
    if (lock_ && fs::exists(path_)) return;
  }
}

fs::path WorkArea::folder(const std::string& name) const {
  fs::path out = path_ / name;
  make_folders(out);
  return out;
}

std::string WorkArea::cgroup(const std::string& name) const {
  return "/" + cgroup_prefix(data_root_, id_) + name;
}

network::Scope WorkArea::network_scope() const {
  return build::network_scope(data_root_, id_);
}

}  // namespace davit::build
