#include "davit/container/mount_points.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <string_view>

#include "davit/base/error.hpp"
#include "davit/base/fd.hpp"

namespace davit::container {
namespace {

namespace fs = std::filesystem;

struct Found {
  std::string path;
  struct stat info{};
};

bool is_whiteout(const struct stat& info) {
  return S_ISCHR(info.st_mode) && info.st_rdev == makedev(0, 0);
}

/// What the image has at this path, in the topmost layer that says something about it. Opaque folders are not looked
/// at: what they hide counts as there, and is then left to the runtime.
std::optional<Found> find(const std::vector<std::string>& layers, const std::string& path) {
  for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer) {
    Found found{*layer + path, {}};
    if (::lstat(found.path.c_str(), &found.info) != 0) {
      if (errno == ENOENT || errno == ENOTDIR) continue;
      throw_system_error("read", found.path, errno);
    }
    if (is_whiteout(found.info)) return std::nullopt;
    return found;
  }
  return std::nullopt;
}

/// overlayfs's own attributes are of no concern here: the topmost layer shows its own.
bool has_foreign_attributes(const std::string& path) {
  std::array<char, 4096> names{};
  const ssize_t size = ::llistxattr(path.c_str(), names.data(), names.size());
  if (size < 0) return errno != ENOTSUP;
  for (std::string_view rest(names.data(), static_cast<std::size_t>(size)); !rest.empty();) {
    const std::string_view name = rest.substr(0, rest.find('\0'));
    if (!name.starts_with("trusted.overlay.") && !name.starts_with("user.overlay.")) return true;
    rest.remove_prefix(name.size() + 1);
  }
  return false;
}

void make_folder(const std::string& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) != 0) throw_system_error("make folder", path, errno);
  if (::chmod(path.c_str(), mode) != 0) throw_system_error("set mode of", path, errno);
}

void make_empty_file(const std::string& path) {
  const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!file) throw_system_error("write", path, errno);
}

void make_link(const char* target, const std::string& path) {
  if (::symlink(target, path.c_str()) != 0) throw_system_error("make link", path, errno);
}

void copy_attributes(const struct stat& from, const std::string& to) {
  if (::lchown(to.c_str(), from.st_uid, from.st_gid) != 0) throw_system_error("set owner of", to, errno);
  if (::chmod(to.c_str(), from.st_mode & 07777) != 0) throw_system_error("set mode of", to, errno);
  const std::array<timespec, 2> times{from.st_atim, from.st_mtim};
  if (::utimensat(AT_FDCWD, to.c_str(), times.data(), 0) != 0) throw_system_error("set time of", to, errno);
}

void make_etc(const std::vector<std::string>& layers, const std::string& folder) {
  const auto etc = find(layers, "/etc");
  if (etc && (!S_ISDIR(etc->info.st_mode) || has_foreign_attributes(etc->path))) return;
  const std::string path = folder + "/etc";
  make_folder(path, 0755);
  for (const char* name : {"/hosts", "/hostname", "/resolv.conf"})
    if (!find(layers, std::string("/etc") + name)) make_empty_file(path + name);
  if (!find(layers, "/etc/mtab")) make_link("/proc/mounts", path + "/mtab");  // as Docker has it
  if (etc) copy_attributes(etc->info, path);
}

void fill(const std::vector<std::string>& layers, const std::string& folder) {
  make_folder(folder, 0755);
  for (const char* name : {"/proc", "/sys", "/dev"})
    if (!find(layers, name)) make_folder(folder + name, 0755);
  make_etc(layers, folder);
  if (!find(layers, "/.dockerenv")) make_empty_file(folder + "/.dockerenv");
  if (const auto root = find(layers, "")) copy_attributes(root->info, folder);
}

}  // namespace

void make_mount_points(const std::vector<std::string>& layers, const std::string& folder) {
  try {
    fill(layers, folder);
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(folder, ignored);
    throw;
  }
}

}  // namespace davit::container
