#pragma once
// The private mount namespace davit works in. Header only and plain, for the keeper, which links nothing.

#include <sched.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <cerrno>

namespace davit::container {

/// Moves the calling thread into a mount namespace of its own, a slave of the host's: mounts made here never show there,
/// mounts of the host show here. Where v1 cgroup controllers are in use the v2 tree beside them is unmounted in here,
/// because crun (at least to 1.8) refuses hosts that have both. Returns 0 or an errno value.
inline int enter_private_mount_namespace() {
  constexpr long kCgroup2 = 0x63677270;
  if (::unshare(CLONE_NEWNS) != 0) return errno;
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) return errno;
  struct statfs root{};
  struct statfs beside{};
  if (::statfs("/sys/fs/cgroup", &root) != 0 || root.f_type == kCgroup2) return 0;
  if (::statfs("/sys/fs/cgroup/unified", &beside) != 0 || beside.f_type != kCgroup2) return 0;
  return ::umount2("/sys/fs/cgroup/unified", MNT_DETACH) == 0 ? 0 : errno;
}

}  // namespace davit::container
