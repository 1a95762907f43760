#include "image/staging.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "davit/base/error.hpp"
#include "davit/image/remove_tree.hpp"
#include "image/rooted_tree.hpp"

namespace davit::image {
namespace fs = std::filesystem;

namespace {

bool lock_folder(int fd) {
  while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return false;
    if (errno != EINTR) throw_system_error("lock", "a staging folder", errno);
  }
  return true;
}

bool still_there(const fs::path& path, int fd) {
  struct stat by_path{};
  struct stat by_fd{};
  return ::stat(path.c_str(), &by_path) == 0 && ::fstat(fd, &by_fd) == 0 && by_path.st_ino == by_fd.st_ino;
}

}  // namespace

void ensure_folder(const fs::path& folder, unsigned mode) {
  if (::mkdir(folder.c_str(), mode) != 0 && errno != EEXIST)
    throw_entry_error("make the folder", folder.string(), errno);
}

StagingFolder make_staging_folder(const fs::path& base) {
  for (;;) {
    std::string path = (base / "XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr) throw_entry_error("make a folder in", base.string(), errno);
    try {
      StagingFolder folder{path, Fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC))};
      if (!folder.lock && errno != ENOENT) throw_system_error("open", path, errno);
      // Between mkdtemp and flock it looks abandoned: somebody who cleans up may have taken it, and removes it then.
      if (folder.lock && lock_folder(folder.lock.get()) && still_there(folder.path, folder.lock.get())) return folder;
    } catch (const Error&) {
      ::rmdir(path.c_str());
      throw;
    }
  }
}

void remove_abandoned(const fs::path& base) {
  std::error_code error;
  for (fs::directory_iterator it(base, error), end; !error && it != end; it.increment(error)) {
    const Fd folder(::open(it->path().c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder || !lock_folder(folder.get())) continue;
    try {
      remove_tree(it->path());
    } catch (const Error&) {  // NOLINT(bugprone-empty-catch)
      // What cannot be removed takes room, and must not keep anybody from building.
    }
  }
}

Fd lock_file(const fs::path& file, LockKind kind) {
  Fd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) throw_entry_error("open", file.string(), errno);
  while (::flock(fd.get(), kind == LockKind::Shared ? LOCK_SH : LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return {};
    if (errno != EINTR) throw_system_error("lock", file.string(), errno);
  }
  return fd;
}

}  // namespace davit::image
