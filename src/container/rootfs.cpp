#include "davit/container/rootfs.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <deque>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "davit/base/error.hpp"
#include "davit/container/overlay.hpp"

namespace davit::container {
namespace {

constexpr std::size_t kSmallFile = std::size_t{1} << 20U;

/// mountinfo writes blank, tab, newline and backslash as \ooo.
std::string unescaped(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      out += static_cast<char>(std::stoi(text.substr(i + 1, 3), nullptr, 8));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

/// The names in a path, without empty ones and dots.
std::deque<std::string> parts_of(const std::string& path) {
  std::deque<std::string> out;
  std::istringstream in(path);
  for (std::string part; std::getline(in, part, '/');)
    if (!part.empty() && part != ".") out.push_back(part);
  return out;
}

std::string path_of(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += "/" + part;
  return out.empty() ? "/" : out;
}

std::string link_target(int folder, const std::string& name, const std::string& path) {
  std::array<char, 4097> buffer{};
  const ssize_t length = ::readlinkat(folder, name.c_str(), buffer.data(), buffer.size());
  if (length < 0) throw_system_error("make folder", path, errno);
  return {buffer.data(), static_cast<std::size_t>(length)};
}

}  // namespace

std::vector<std::string> mount_points(const std::string& folder) {
  std::ifstream file("/proc/thread-self/mountinfo");  // the process may be in another namespace
  std::vector<std::string> out;
  for (std::string line; std::getline(file, line);) {
    std::istringstream in(line);
    std::string id, parent, device, root, point;
    in >> id >> parent >> device >> root >> point;
    point = unescaped(point);
    if (point == folder || point.starts_with(folder + "/")) out.push_back(std::move(point));
  }
  return out;
}

void mount_root(const std::vector<std::string>& layers, const std::string& upper, const std::string& work,
                const std::string& target) {
  std::filesystem::create_directories(upper);
  std::filesystem::create_directories(target);
  if (layers.empty()) {
    if (::mount(upper.c_str(), target.c_str(), nullptr, MS_BIND, nullptr) != 0)
      throw_system_error("mount", target, errno);
    return;
  }
  std::filesystem::create_directories(work);
  mount_overlay({{layers.rbegin(), layers.rend()}, upper, work}, target);
}

void unmount_below(const std::string& folder) {
  std::error_code error;
  std::string clean = std::filesystem::weakly_canonical(folder, error).string();
  if (error) clean = folder;
  auto points = mount_points(clean);
  // Later lines of mountinfo are mounted on top of earlier ones.
  for (auto point = points.rbegin(); point != points.rend(); ++point)
    if (::umount2(point->c_str(), UMOUNT_NOFOLLOW) != 0 && errno == EBUSY &&
        ::umount2(point->c_str(), UMOUNT_NOFOLLOW | MNT_DETACH) != 0)
      throw_system_error("unmount", *point, errno);
}

Root::Root(const std::string& folder) : fd_(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {
  if (!fd_) throw_system_error("open", folder, errno);
}

Fd Root::open(const std::string& path, int flags, mode_t mode) const {
  open_how how{};
  how.flags = static_cast<unsigned>(flags | O_CLOEXEC);
  how.mode = (flags & O_CREAT) != 0 ? mode : 0;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  for (;;) {
    const long opened = ::syscall(SYS_openat2, fd_.get(), path.c_str(), &how, sizeof how);
    // EAGAIN: a rename or mount elsewhere disturbed the lookup of "..".
    if (opened >= 0 || (errno != EAGAIN && errno != EINTR)) return Fd(static_cast<int>(opened));
  }
}

// Links are followed by hand, because the target of one may be what has to be made. Each step opens its folder anew
// inside the root, so a link that is swapped meanwhile leads nowhere else either.
void Root::make_folders(const std::string& path, mode_t mode) const {
  constexpr int kMostLinks = 40;  // as the kernel's
  std::deque<std::string> rest = parts_of(path);
  std::vector<std::string> done;
  for (int links = 0; !rest.empty();) {
    const std::string part = rest.front();
    rest.pop_front();
    if (part == "..") {
      if (!done.empty()) done.pop_back();
      continue;
    }
    const Fd folder = open(path_of(done), O_PATH | O_DIRECTORY);
    if (!folder) throw_system_error("make folder", path, errno);
    struct stat info{};
    if (::fstatat(folder.get(), part.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno != ENOENT || (::mkdirat(folder.get(), part.c_str(), mode) != 0 && errno != EEXIST))
        throw_system_error("make folder", path, errno);
      done.push_back(part);
    } else if (S_ISDIR(info.st_mode)) {
      done.push_back(part);
    } else if (S_ISLNK(info.st_mode) && ++links <= kMostLinks) {
      const std::string target = link_target(folder.get(), part, path);
      if (target.starts_with('/')) done.clear();
      const std::deque<std::string> inner = parts_of(target);
      rest.insert(rest.begin(), inner.begin(), inner.end());
    } else {
      done.push_back(part);
      throw Error("cannot make folder '" + path + "': '" + path_of(done) + "' is not a directory");
    }
  }
}

std::string Root::read(const std::string& path) const {
  // Only named at first: a container may have put a device there, and opening one is an act of its own.
  const Fd name = open(path, O_PATH);
  if (!name) {
    if (errno == ENOENT || errno == ENOTDIR) return "";
    throw_system_error("read", path, errno);
  }
  struct stat info{};
  if (::fstat(name.get(), &info) != 0) throw_system_error("read", path, errno);
  if (!S_ISREG(info.st_mode)) throw Error("cannot read '" + path + "' of the image: not a regular file");
  const Fd file(::open(("/proc/self/fd/" + std::to_string(name.get())).c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) throw_system_error("read", path, errno);
  std::string text;
  std::array<char, 16384> buffer{};
  for (;;) {
    const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_system_error("read", path, errno);
    if (got == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
    if (text.size() > kSmallFile) throw Error("cannot read '" + path + "' of the image: larger than 1 MiB");
  }
}

}  // namespace davit::container
