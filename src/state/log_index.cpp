#include "state/log_index.hpp"

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace davit::state::detail {
namespace {

/// "An arbitrary small number, less than the -shm header size" (SQLite, unixLockSharedMemory()); no file of a database
/// but this one is ever cut to it.
constexpr off_t kCutIndex = 3;

bool clear_bytes(int file) {
  static constexpr std::array<char, 4096> kNothing{};
  struct stat info{};
  if (::fstat(file, &info) != 0 || info.st_size < kCutIndex) return false;
  for (off_t at = 0; at < info.st_size;) {
    const auto part = static_cast<std::size_t>(std::min<off_t>(info.st_size - at, kNothing.size()));
    const ssize_t written = ::pwrite(file, kNothing.data(), part, at);
    if (written <= 0) return false;
    at += written;
  }
  return true;
}

int cut(int file, off_t size) {
  if (size == kCutIndex && clear_bytes(file)) return 0;
  return ::ftruncate(file, size);
}

}  // namespace

void keep_room_of_log_index() {
  static const bool done = [] {
    sqlite3_vfs* const vfs = sqlite3_vfs_find(nullptr);
    if (vfs == nullptr || vfs->iVersion < 3 || vfs->xSetSystemCall == nullptr) return false;
    return vfs->xSetSystemCall(vfs, "ftruncate", reinterpret_cast<sqlite3_syscall_ptr>(cut)) == SQLITE_OK;
  }();
  static_cast<void>(done);
}

}  // namespace davit::state::detail
