#pragma once
// The keeper's place among the control groups: not that of whoever started it. What ends a unit of systemd or a job of
// a CI runner kills everything in its group, and `davit up -d` is meant to outlive both.

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "davit/keeper/message.hpp"

namespace davit::keeper {

/// In the hierarchies that say what belongs together: cgroup v2 and systemd's own of v1. Those of v1 with limits stay:
/// memory that a job may not exceed is a promise to others. Where the group cannot be had, or nobody ends the one we
/// are in because it is the root, everything stays as it is.
class OwnCgroup {
 public:
  /// Moves the calling process, and so its children. Needs /proc and /sys/fs/cgroup as the host shows them.
  void enter() {
    std::array<char, 8192> text{};
    const int file = ::open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    const ssize_t size = ::read(file, text.data(), text.size() - 1);
    ::close(file);
    if (size <= 0) return;
    char* rest = nullptr;
    for (char* line = ::strtok_r(text.data(), "\n", &rest); line != nullptr; line = ::strtok_r(nullptr, "\n", &rest)) {
      if (is_elsewhere(line, "0::")) enter_below(is_v2("/sys/fs/cgroup") ? "/sys/fs/cgroup" : "/sys/fs/cgroup/unified");
      if (const char* named = std::strstr(line, ":name=systemd:");
          named != nullptr && is_elsewhere(named, ":name=systemd:"))
        enter_below("/sys/fs/cgroup/systemd");
    }
  }

  /// Leaves the group, and removes it if nobody else is in there.
  void leave() {
    for (int& root : roots_) {
      if (root < 0) continue;
      put_self(root, "cgroup.procs");
      ::unlinkat(root, kKeepersGroup, AT_REMOVEDIR);
      ::close(root);
      root = -1;
    }
  }

 private:
  static constexpr long kCgroup2Magic = 0x63677270;  // linux/magic.h
  static constexpr int kTries = 16;

  static bool is_v2(const char* folder) {
    struct statfs info{};
    return ::statfs(folder, &info) == 0 && info.f_type == kCgroup2Magic;
  }
  /// Whether the line names a group that is neither the root nor ours.
  static bool is_elsewhere(const char* line, const char* prefix) {
    const std::size_t length = std::strlen(prefix);
    if (std::strncmp(line, prefix, length) != 0 || line[length] != '/') return false;
    return line[length + 1] != '\0' && std::strcmp(line + length + 1, kKeepersGroup) != 0;
  }
  static bool put_self(int folder, const char* path) {
    const int file = ::openat(folder, path, O_WRONLY | O_CLOEXEC);
    if (file < 0) return false;
    const bool put = ::write(file, "0", 1) == 1;
    const int error = errno;
    ::close(file);
    errno = error;
    return put;
  }
  void enter_below(const char* mounted) {
    int& root = roots_[roots_[0] < 0 ? 0 : 1];
    if (root >= 0) return;
    root = ::open(mounted, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0) return;
    std::array<char, 64> path{};
    std::snprintf(path.data(), path.size(), "%s/cgroup.procs", kKeepersGroup);
    // Another keeper that ends may remove the group between the two steps.
    for (int i = 0; i < kTries; ++i) {
      if (::mkdirat(root, kKeepersGroup, 0755) != 0 && errno != EEXIST) break;
      if (put_self(root, path.data())) return;
      if (errno != ENOENT && errno != ENODEV) break;
    }
    ::unlinkat(root, kKeepersGroup, AT_REMOVEDIR);
    ::close(root);
    root = -1;
  }

  std::array<int, 2> roots_{-1, -1};
};

}  // namespace davit::keeper
