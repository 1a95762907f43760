#include "container/copy_tree.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "davit/base/error.hpp"
#include "davit/base/fd.hpp"

namespace davit::container {
namespace {

/// One copy under way: where it is, for messages, and where files with several names have gone.
struct Copy {
  int to_root;
  std::map<std::pair<dev_t, ino_t>, std::string> linked;  ///< first name in the target, relative to to_root
};

void check(bool ok, const char* doing, const std::string& path) {
  if (!ok) throw_system_error(doing, path, errno);
}

Fd open_at(int folder, const char* name, int flags, mode_t mode, const std::string& path) {
  Fd fd(::openat(folder, name, flags | O_CLOEXEC | O_NOFOLLOW, mode));
  check(static_cast<bool>(fd), "open", path);
  return fd;
}

std::vector<std::string> names_in(int folder, const std::string& path) {
  Fd copy = open_at(folder, ".", O_RDONLY | O_DIRECTORY, 0, path);
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::fdopendir(copy.get()), ::closedir);
  check(entries != nullptr, "list", path);
  static_cast<void>(copy.release());
  std::vector<std::string> out;
  errno = 0;  // readdir(3): the end and a failure look alike otherwise
  while (const dirent* entry = ::readdir(entries.get()))
    if (std::strcmp(entry->d_name, ".") != 0 && std::strcmp(entry->d_name, "..") != 0) out.emplace_back(entry->d_name);
  check(errno == 0, "list", path);
  return out;
}

void copy_attributes(int from, int to, const std::string& path) {
  std::array<char, 65536> names{};
  const ssize_t size = ::flistxattr(from, names.data(), names.size());
  if (size < 0 && errno == ENOTSUP) return;
  check(size >= 0, "read attributes of", path);
  std::vector<char> value(65536);
  for (const char* name = names.data(); name < names.data() + size; name += std::strlen(name) + 1) {
    if (std::strncmp(name, "trusted.overlay.", 16) == 0) continue;  // overlayfs's own
    const ssize_t length = ::fgetxattr(from, name, value.data(), value.size());
    check(length >= 0, "read attributes of", path);
    if (::fsetxattr(to, name, value.data(), static_cast<std::size_t>(length), 0) != 0 && errno != ENOTSUP)
      throw_system_error("set attributes of", path, errno);
  }
}

/// Owner before mode: chown clears the setuid bit.
void copy_ownership(int to, const struct stat& info, const std::string& path) {
  check(::fchown(to, info.st_uid, info.st_gid) == 0, "set owner of", path);
  check(::fchmod(to, info.st_mode & 07777) == 0, "set mode of", path);
}

void copy_times(int to, const struct stat& info, const std::string& path) {
  const std::array<timespec, 2> times{info.st_atim, info.st_mtim};
  check(::futimens(to, times.data()) == 0, "set times of", path);
}

void copy_content(int from, int to, const std::string& path) {
  if (::ioctl(to, FICLONE, from) == 0) return;  // shares the blocks, where the file system can
  for (;;) {
    const ssize_t got = ::copy_file_range(from, nullptr, to, nullptr, std::size_t{1} << 30U, 0);
    if (got == 0) return;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) break;
  }
  check(errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP, "copy", path);
  std::vector<char> buffer(std::size_t{1} << 18U);
  for (ssize_t got = 0; (got = ::read(from, buffer.data(), buffer.size())) != 0;) {
    check(got > 0, "read", path);
    for (ssize_t done = 0; done < got;) {
      const ssize_t wrote = ::write(to, buffer.data() + done, static_cast<std::size_t>(got - done));
      check(wrote >= 0, "write", path);
      done += wrote;
    }
  }
}

void copy_file(int from_folder, int to_folder, const char* name, const struct stat& info, const std::string& path) {
  const Fd from = open_at(from_folder, name, O_RDONLY, 0, path);
  const Fd to = open_at(to_folder, name, O_WRONLY | O_CREAT | O_EXCL, 0600, path);
  copy_content(from.get(), to.get(), path);
  copy_ownership(to.get(), info, path);
  copy_attributes(from.get(), to.get(), path);
  copy_times(to.get(), info, path);
}

void copy_link(int from_folder, int to_folder, const char* name, const struct stat& info, const std::string& path) {
  std::array<char, 4097> target{};
  const ssize_t length = ::readlinkat(from_folder, name, target.data(), target.size() - 1);
  check(length >= 0, "read link", path);
  check(::symlinkat(target.data(), to_folder, name) == 0, "make link", path);
  check(::fchownat(to_folder, name, info.st_uid, info.st_gid, AT_SYMLINK_NOFOLLOW) == 0, "set owner of", path);
}

void copy_node(int to_folder, const char* name, const struct stat& info, const std::string& path) {
  check(::mknodat(to_folder, name, info.st_mode, info.st_rdev) == 0, "make node", path);
  check(::fchownat(to_folder, name, info.st_uid, info.st_gid, AT_SYMLINK_NOFOLLOW) == 0, "set owner of", path);
  check(::fchmodat(to_folder, name, info.st_mode & 07777, 0) == 0, "set mode of", path);
}

void copy_folder(Copy& copy, int from, int to, const std::string& prefix);

void copy_entry(Copy& copy, int from, int to, const std::string& name, const std::string& path) {
  struct stat info{};
  check(::fstatat(from, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0, "look at", path);
  if (!S_ISDIR(info.st_mode) && info.st_nlink > 1) {
    const auto [known, first] = copy.linked.emplace(std::pair(info.st_dev, info.st_ino), path);
    if (!first) {
      check(::linkat(copy.to_root, known->second.c_str(), to, name.c_str(), 0) == 0, "link", path);
      return;
    }
  }
  if (S_ISDIR(info.st_mode)) {
    check(::mkdirat(to, name.c_str(), 0700) == 0, "make folder", path);
    const Fd inner_from = open_at(from, name.c_str(), O_RDONLY | O_DIRECTORY, 0, path);
    const Fd inner_to = open_at(to, name.c_str(), O_RDONLY | O_DIRECTORY, 0, path);
    copy_folder(copy, inner_from.get(), inner_to.get(), path + "/");
  } else if (S_ISREG(info.st_mode)) {
    copy_file(from, to, name.c_str(), info, path);
  } else if (S_ISLNK(info.st_mode)) {
    copy_link(from, to, name.c_str(), info, path);
  } else if (!S_ISSOCK(info.st_mode)) {
    copy_node(to, name.c_str(), info, path);
  }
}

void copy_folder(Copy& copy, int from, int to, const std::string& prefix) {
  for (const std::string& name : names_in(from, prefix)) copy_entry(copy, from, to, name, prefix + name);
  struct stat info{};
  check(::fstat(from, &info) == 0, "look at", prefix);
  copy_ownership(to, info, prefix);
  copy_attributes(from, to, prefix);
  copy_times(to, info, prefix);  // last: filling the folder changed them
}

}  // namespace

void copy_tree(int from, int to) {
  Copy copy{to, {}};
  copy_folder(copy, from, to, "");
}

}  // namespace davit::container
