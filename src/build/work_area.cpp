#include "build/work_area.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "build/names.hpp"
#include "davit/base/error.hpp"
#include "davit/build/cleanup.hpp"
#include "davit/build/prune.hpp"

namespace davit::build {
namespace {

namespace fs = std::filesystem;

void make_folders(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) throw_system_error("make folder", path.string(), error.value());
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
  std::error_code error;
  fs::remove_all(path_, error);
  if (guard_ && !guard_has_work_ && !automatic_pruning_is_due(data_root_)) guard_->dismiss();
}

void WorkArea::make_locked_folder() {
  for (;;) {
    std::string name = work_folder(data_root_, "XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw_system_error("make folder", name, errno);
    lock_ = Fd(::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    path_ = name;
    id_ = id_of_work_folder(path_);
    // Before it is locked it looks abandoned: another build that begins may have taken it, and removes it then.
    if (lock_ && ::flock(lock_.get(), LOCK_EX | LOCK_NB) == 0 && fs::exists(path_)) return;
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
