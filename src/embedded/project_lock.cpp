#include "embedded/project_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <memory>
#include <utility>

#include "davit/async/abandonable.hpp"
#include "davit/base/error.hpp"
#include "davit/state/projects.hpp"

namespace davit::embedded {
namespace {

constexpr std::chrono::seconds kSilence{2};  ///< others hold the lock for a part of a second

Fd open_lock(const std::string& folder, const std::string& path) {
  for (;;) {
    std::filesystem::create_directories(folder);
    ::chmod(folder.c_str(), 0700);
    Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!fd && errno == ENOENT) continue;  // the end of a project has removed the folder again
    if (!fd) throw_system_error("open", path, errno);
    return fd;
  }
}

/// By flock(2). False: somebody holds it, and `operation` says not to wait.
bool take_lock(const Fd& fd, const std::string& path, int operation) {
  while (::flock(fd.get(), operation) != 0) {
    if (errno == EWOULDBLOCK) return false;
    if (errno != EINTR) throw_system_error("lock", path, errno);
  }
  return true;
}

/// False: the end of a project has removed it.
bool is_at(const Fd& fd, const std::string& path) {
  struct stat held{};
  struct stat there{};
  return ::fstat(fd.get(), &held) == 0 && ::stat(path.c_str(), &there) == 0 && held.st_ino == there.st_ino &&
         held.st_dev == there.st_dev;
}

void wait_for_keeper_lock(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd && errno == ENOENT) return;
  if (!fd) throw_system_error("open", path, errno);
  struct flock whole{};
  whole.l_type = F_RDLCK;
  whole.l_whence = SEEK_SET;
  while (::fcntl(fd.get(), F_OFD_SETLKW, &whole) != 0)
    if (errno != EINTR) throw_system_error("wait for the lock", path, errno);
}

}  // namespace

Task<Fd> lock_project(Paths paths) {
  for (;;) {
    const auto fd = std::make_shared<Fd>(open_lock(paths.folder(), paths.lock()));
    if (!take_lock(*fd, paths.lock(), LOCK_EX | LOCK_NB)) {
      std::function<void()> wait = [fd, path = paths.lock()] { (void)take_lock(*fd, path, LOCK_EX); };
      co_await run_abandonable(std::move(wait));
    }
    if (is_at(*fd, paths.lock())) co_return std::move(*fd);
  }
}

Task<Fd> lock_project(Paths paths, Timers& timers, std::function<void(const std::string&)> notice) {
  Task<Fd> soon = lock_project(paths);
  std::optional<Fd> lock = co_await with_timeout(timers, kSilence, std::move(soon));
  if (lock) co_return std::move(*lock);
  if (notice) notice("another command starts or clears up project '" + paths.project + "'; waiting for it");
  Fd late = co_await lock_project(std::move(paths));
  co_return late;
}

Fd try_lock_project(const Paths& paths) {
  Fd fd(::open(paths.lock().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) throw_system_error("open", paths.lock(), errno);
  if (!take_lock(fd, paths.lock(), LOCK_EX | LOCK_NB)) fd.reset();
  return fd;
}

void forget_unused(const Paths& paths) noexcept {
  std::error_code error;
  for (std::filesystem::directory_iterator entry(paths.folder(), error), end; !error && entry != end;
       entry.increment(error))
    if (entry->path() != paths.lock()) return;
  if (error) return;
  std::filesystem::remove(paths.lock(), error);
  std::filesystem::remove(paths.folder(), error);
}

bool keeper_is_alive(const Paths& paths) {
  const Fd fd(::open(paths.keeper_lock().c_str(), O_RDWR | O_CLOEXEC));
  if (!fd && (errno == ENOENT || errno == EACCES)) return false;
  if (!fd) throw_system_error("open", paths.keeper_lock(), errno);
  // Asking takes nothing: a keeper that starts at this moment gets its lock.
  struct flock holder{};
  holder.l_type = F_WRLCK;
  holder.l_whence = SEEK_SET;
  if (::fcntl(fd.get(), F_OFD_GETLK, &holder) != 0) throw_system_error("ask for the lock", paths.keeper_lock(), errno);
  return holder.l_type != F_UNLCK;
}

Task<void> until_keeper_gone(Paths paths) {
  std::function<void()> wait = [path = paths.keeper_lock()] { wait_for_keeper_lock(path); };
  co_await run_abandonable(std::move(wait));
}

std::optional<std::string> served_elsewhere(const Paths& paths, state::Database& database) {
  const auto row = state::Projects(database).find(paths.project);
  if (!row || row->run_root.empty() || row->run_root == paths.run_root) return std::nullopt;
  if (!keeper_is_alive({paths.data_root, row->run_root, paths.project})) return std::nullopt;
  return row->run_root;
}

}  // namespace davit::embedded
