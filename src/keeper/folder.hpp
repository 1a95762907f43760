#pragma once
// Removing the project's folder at the end of the project.

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "davit/keeper/message.hpp"

namespace davit::keeper {

/// Removes what is in the folder, on its own file system and without following links; "lock" goes last, so that a
/// command that waits for it finds either all or nothing of the project.
inline void remove_children(int folder, dev_t device, bool top) {
  const int copy = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* const entries = copy < 0 ? nullptr : ::fdopendir(copy);
  if (entries == nullptr) return;
  while (const dirent* entry = ::readdir(entries)) {
    const char* const name = entry->d_name;
    if (::strcmp(name, ".") == 0 || ::strcmp(name, "..") == 0 || (top && ::strcmp(name, "lock") == 0)) continue;
    if (::unlinkat(folder, name, 0) == 0) continue;
    const int child = ::openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (child < 0) continue;
    struct stat info{};
    if (::fstat(child, &info) == 0 && info.st_dev == device) {
      remove_children(child, device, false);
      ::unlinkat(folder, name, AT_REMOVEDIR);
    }
    ::close(child);
  }
  ::closedir(entries);
}

/// A tmpfs on the private folder, seen by the keeper and its children alone: what is on it costs no disk and goes with
/// the last of them, also after a crash. Returns 0 or an errno value.
inline int mount_private_folder(const char* folder) {
  char path[PATH_MAX];
  // By its path and not by a descriptor: one from before the new mount namespace leads into the old one.
  if (::snprintf(path, sizeof path, "%s/%s", folder, kPrivateFolder) >= PATH_MAX) return ENAMETOOLONG;
  if (::mkdir(path, 0700) != 0 && errno != EEXIST) return errno;
  return ::mount("davit", path, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") == 0 ? 0 : errno;
}

inline void remove_folder(const char* path) {
  const int folder = ::open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (folder < 0) return;
  char mounted[PATH_MAX];
  if (::snprintf(mounted, sizeof mounted, "%s/%s", path, kPrivateFolder) < PATH_MAX) ::umount2(mounted, MNT_DETACH);
  struct stat info{};
  if (::fstat(folder, &info) == 0) {
    remove_children(folder, info.st_dev, true);
    ::unlinkat(folder, "lock", 0);
    ::rmdir(path);
  }
  ::close(folder);
}

}  // namespace davit::keeper
