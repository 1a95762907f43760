#include "build/mounts.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>

#include "davit/base/error.hpp"
#include "davit/base/fd.hpp"
#include "davit/container/rootfs.hpp"

namespace davit::build {
namespace {

constexpr long kCgroup2Magic = 0x63677270;
// fsconfig takes strings up to this length (kernel, fs/fsopen.c).
constexpr std::size_t kLongestString = 255;

class Configuration {
 public:
  Configuration() : fd_(::fsopen("overlay", FSOPEN_CLOEXEC)) {}
  explicit operator bool() const { return static_cast<bool>(fd_); }

  bool set(const char* key, const std::string& value) {
    return value.size() <= kLongestString && ::fsconfig(fd_.get(), FSCONFIG_SET_STRING, key, value.c_str(), 0) == 0;
  }
  bool flag(const char* key) { return ::fsconfig(fd_.get(), FSCONFIG_SET_FLAG, key, nullptr, 0) == 0; }
  /// 0 or an errno.
  int attach(const std::string& target) {
    if (::fsconfig(fd_.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) return errno;
    const Fd mount(::fsmount(fd_.get(), FSMOUNT_CLOEXEC, 0));
    if (!mount) return errno;
    if (::move_mount(mount.get(), "", AT_FDCWD, target.c_str(), MOVE_MOUNT_F_EMPTY_PATH) != 0) return errno;
    return 0;
  }

 private:
  Fd fd_;
};

/// Kernel 6.8 and later: one parameter a layer, no limit on their number. False when that cannot be used.
bool mount_by_parameters(const Overlay& overlay, const std::string& target) {
  Configuration configuration;
  if (!configuration) return false;
  for (const std::string& folder : overlay.lower)
    if (!configuration.set("lowerdir+", folder)) return false;
  if (!overlay.upper.empty()) {
    if (!configuration.set("upperdir", overlay.upper) || !configuration.set("workdir", overlay.work)) return false;
    // No syncs: a half-made layer is thrown away anyway.
    (void)configuration.flag("volatile");
  }
  for (const char* key : {"redirect_dir", "metacopy", "index"})
    if (!configuration.set(key, "off")) return false;
  const int error = configuration.attach(target);
  if (error != 0) throw_system_error("mount overlay at", target, error);
  return true;
}

std::string escaped(const std::string& path) {
  std::string out;
  for (const char c : path) {
    if (c == ':' || c == '\\' || c == ',') out += '\\';
    out += c;
  }
  return out;
}

void mount_by_options(const Overlay& overlay, const std::string& target) {
  std::string options = "redirect_dir=off,metacopy=off,index=off,lowerdir=";
  for (std::size_t i = 0; i < overlay.lower.size(); ++i) options += (i > 0 ? ":" : "") + escaped(overlay.lower[i]);
  if (!overlay.upper.empty()) options += ",upperdir=" + escaped(overlay.upper) + ",workdir=" + escaped(overlay.work);
  if (options.size() >= static_cast<std::size_t>(::getpagesize()))
    throw Error(Diagnostic::error("too-many-layers", "cannot mount " + std::to_string(overlay.lower.size()) +
                                                         " layers: this kernel takes one page of mount options")
                    .with_hint("Linux 6.8 and later have no such limit"));
  if (::mount("overlay", target.c_str(), "overlay", 0, options.c_str()) != 0)
    throw_system_error("mount overlay at", target, errno);
}

}  // namespace

void enter_private_mounts() {
  if (::unshare(CLONE_NEWNS) != 0) throw_system_error("make a mount namespace", "", errno);
  if (::mount("", "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) throw_system_error("make mounts private", "/", errno);
  struct statfs info{};
  struct statfs unified{};
  const bool v1 = ::statfs("/sys/fs/cgroup", &info) == 0 && static_cast<long>(info.f_type) != kCgroup2Magic;
  if (v1 && ::statfs("/sys/fs/cgroup/unified", &unified) == 0 && static_cast<long>(unified.f_type) == kCgroup2Magic)
    (void)::umount2("/sys/fs/cgroup/unified", MNT_DETACH);
}

void mount_overlay(const Overlay& overlay, const std::string& target) {
  if (!mount_by_parameters(overlay, target)) mount_by_options(overlay, target);
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
