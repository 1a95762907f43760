#include "build/mounts.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>

#include "davit/base/error.hpp"
#include "davit/base/fd.hpp"
#include "davit/container/mount_namespace.hpp"
#include "davit/container/rootfs.hpp"

namespace davit::build {

void enter_private_mounts() {
  const int error = container::enter_private_mount_namespace();
  if (error != 0) throw_system_error("make a mount namespace", "", error);
}

void bind_read_only(const std::string& from, const std::string& target) {
  const Fd tree(::open_tree(AT_FDCWD, from.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE));
  if (!tree) throw_system_error("bind", from, errno);
  struct mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_RDONLY;
  attributes.propagation = MS_PRIVATE;
  // Not so the flags of mount(2), which reach the topmost mount only. Linux 5.12.
  if (::mount_setattr(tree.get(), "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes, sizeof attributes) != 0)
    throw_system_error("make read-only", from, errno);
  if (::move_mount(tree.get(), "", AT_FDCWD, target.c_str(), MOVE_MOUNT_F_EMPTY_PATH) != 0)
    throw_system_error("bind at", target, errno);
}

std::vector<std::string> mounts_below(const std::string& folder) {
  std::vector<std::string> out = container::mount_points(folder);
  std::erase(out, folder);
  return out;
}

void unmount(const std::string& target) noexcept {
  (void)::umount2(target.c_str(), MNT_DETACH);
}

}  // namespace davit::build
