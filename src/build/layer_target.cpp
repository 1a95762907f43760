#include "build/layer_target.hpp"

#include <fcntl.h>
#include <linux/limits.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "davit/base/error.hpp"

namespace davit::build {
namespace {

void check(int result, std::string_view doing, const std::string& path) {
  if (result != 0) throw_system_error(doing, "/" + path, errno);
}

/// A file system keeps no such attribute; or it is one of the host's labels (SELinux, IMA), which only the host sets.
/// `security.capability` is none of these: without it a program of the image fails.
bool may_go_without(std::string_view name, int error) {
  if (error == ENOTSUP) return true;
  const bool label = name.starts_with("security.") && name != "security.capability";
  return (label || name.starts_with("trusted.")) && (error == EPERM || error == EACCES);
}

}  // namespace

std::string attribute_names(int file, std::string_view shown) {
  std::array<char, 4096> few{};
  ssize_t length = ::flistxattr(file, few.data(), few.size());
  if (length >= 0) return {few.data(), static_cast<std::size_t>(length)};
  std::string many(XATTR_LIST_MAX, '\0');
  if (errno == ERANGE) length = ::flistxattr(file, many.data(), many.size());
  if (length < 0 && errno != ENOTSUP) throw_system_error("list the attributes of", shown, errno);
  many.resize(static_cast<std::size_t>(std::max<ssize_t>(length, 0)));
  return many;
}

void copy_attributes(int from, int to, std::string_view shown) {
  const std::string names = attribute_names(from, shown);
  if (names.empty()) return;
  std::array<char, XATTR_SIZE_MAX> value{};
  for (const char* name = names.data(); name < names.data() + names.size(); name += std::strlen(name) + 1) {
    const std::string_view text(name);
    if (text.starts_with("trusted.overlay.") || text.starts_with("system.")) continue;
    const ssize_t size = ::fgetxattr(from, name, value.data(), value.size());
    if (size < 0 && errno == ENODATA) continue;  // removed just now
    if (size >= 0 && ::fsetxattr(to, name, value.data(), static_cast<std::size_t>(size), 0) == 0) continue;
    if (!may_go_without(text, errno))
      throw_system_error("copy the attribute '" + std::string(text) + "' of", shown, errno);
  }
}

std::optional<struct stat> LayerTarget::look(const std::string& resolved) const {
  auto info = layer_.look(resolved);
  if (!info && below_ != nullptr) info = below_->look(resolved);
  return info;
}

std::string LayerTarget::resolve(std::string_view path) const {
  return resolve_links(
      path, [this](const std::string& part) { return look(part); },
      [this](const std::string& part) {
        return layer_.look(part) ? layer_.link_target(part) : below_->link_target(part);
      });
}

std::optional<Fd> LayerTarget::folder_below(const std::string& resolved) const {
  if (below_ == nullptr) return std::nullopt;
  return below_->try_open(resolved, O_PATH | O_DIRECTORY);
}

Fd LayerTarget::folder(const std::string& resolved) const {
  if (auto found = layer_.try_open(resolved, O_RDONLY | O_DIRECTORY)) return *std::move(found);
  if (below_ == nullptr) throw_system_error("open folder", "/" + resolved, ENOENT);
  const Fd from = below_->open(resolved, O_RDONLY | O_DIRECTORY);
  struct stat info{};
  check(::fstat(from.get(), &info), "look at", resolved);
  const Fd parent = folder(parent_of(resolved));
  check(::mkdirat(parent.get(), base_of(resolved).c_str(), 0700), "make folder", resolved);
  Fd made = layer_.open(resolved, O_RDONLY | O_DIRECTORY);
  check(::fchown(made.get(), info.st_uid, info.st_gid), "set owner of", resolved);
  copy_attributes(from.get(), made.get(), "/" + resolved);
  check(::fchmod(made.get(), info.st_mode & 07777U), "set mode of", resolved);
  return made;
}

std::string LayerTarget::make_folders(std::string_view path, std::pair<uid_t, gid_t> owner, mode_t mode,
                                      const Span& where) const {
  std::string resolved = resolve(path);
  for (std::size_t at = 0; at < resolved.size();) {
    at = std::min(resolved.find('/', at), resolved.size());
    const std::string part = resolved.substr(0, at++);
    const auto info = look(part);
    if (info && S_ISDIR(info->st_mode)) continue;
    if (info) throw Error(Diagnostic::error("not-a-folder", "'/" + part + "' is not a folder", where));
    const Fd parent = folder(parent_of(part));
    const std::string name = base_of(part);
    check(::mkdirat(parent.get(), name.c_str(), 0755), "make folder", part);
    if (owner != std::pair<uid_t, gid_t>{0, 0})
      check(::fchownat(parent.get(), name.c_str(), owner.first, owner.second, AT_SYMLINK_NOFOLLOW), "set owner of",
            part);
    check(::fchmodat(parent.get(), name.c_str(), mode, 0), "set mode of", part);
  }
  return resolved;
}

}  // namespace davit::build
