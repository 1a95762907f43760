#include "davit/container/rootfs.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "davit/base/error.hpp"

namespace davit::container {
namespace {

constexpr std::size_t kSmallFile = std::size_t{1} << 20U;

/// The kernel's log of a file system context says which option it refused and why.
std::string context_message(int context) {
  std::array<char, 512> buffer{};
  std::string out;
  for (ssize_t got = 0; (got = ::read(context, buffer.data(), buffer.size())) > 0;)
    out += " (" + std::string(buffer.data(), static_cast<std::size_t>(got)) + ")";
  return out;
}

[[noreturn]] void overlay_error(int context, const std::string& target, int error) {
  throw Error("cannot mount overlay '" + target + "': " + system_error_text(error) + context_message(context));
}

bool set(int context, const char* key, const std::string& value) {
  return ::fsconfig(context, FSCONFIG_SET_STRING, key, value.c_str(), 0) == 0;
}

/// One option a layer (kernel 6.5), which has no limit of length and no separator to escape.
bool add_layers_one_by_one(int context, const std::vector<std::string>& top_first) {
  return std::all_of(top_first.begin(), top_first.end(),
                     [context](const std::string& layer) { return set(context, "lowerdir+", layer); });
}

/// The kernel splits lowerdir at colons and takes a backslash as escape.
std::string escaped(const std::string& path) {
  std::string out;
  for (const char c : path) {
    if (c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string joined(const std::vector<std::string>& paths) {
  std::string out;
  for (const std::string& path : paths) out += (out.empty() ? "" : ":") + escaped(path);
  return out;
}

/// The part that all paths share, up to and with its last slash.
std::string common_folder(const std::vector<std::string>& paths) {
  std::string common = paths.front();
  for (const std::string& path : paths) {
    const auto [a, b] = std::mismatch(common.begin(), common.end(), path.begin(), path.end());
    common.erase(a, common.end());
  }
  return common.substr(0, common.rfind('/') + 1);
}

constexpr std::size_t kLargestOptions = 4095;  // mount(2) takes one page
constexpr std::size_t kLargestValue = 255;     // fsconfig(2), "strndup_user(_value, 256)"

std::string overlay_options(const std::vector<std::string>& top_first, const std::string& upper,
                            const std::string& work) {
  return "lowerdir=" + joined(top_first) + ",upperdir=" + escaped(upper) + ",workdir=" + escaped(work) +
         ",index=off,metacopy=off,redirect_dir=nofollow";
}

/// Mounts with layers relative to `folder`, in a thread with a working folder of its own, so that the program's does
/// not change. Returns an errno value.
int mount_in_folder(const std::string& folder, const std::string& target, const std::string& options) {
  int error = 0;
  std::thread([&] {
    if (::unshare(CLONE_FS) != 0 || ::chdir(folder.c_str()) != 0 ||
        ::mount("overlay", target.c_str(), "overlay", 0, options.c_str()) != 0)
      error = errno;
  }).join();
  return error;
}

/// Kernels before 6.5: one string of at most a page. Paths relative to the folder that the layers share keep long
/// chains short enough for about 55 layers.
void mount_by_options(const std::vector<std::string>& top_first, const std::string& upper, const std::string& work,
                      const std::string& target) {
  const std::string options = overlay_options(top_first, upper, work);
  if (options.size() < kLargestOptions) {
    if (::mount("overlay", target.c_str(), "overlay", 0, options.c_str()) == 0) return;
    throw Error("cannot mount overlay '" + target + "': " + system_error_text(errno));
  }
  const std::string folder = common_folder(top_first);
  std::vector<std::string> relative;
  for (const std::string& layer : top_first) relative.push_back(layer.substr(folder.size()));
  const std::string shorter = overlay_options(relative, upper, work);
  if (shorter.size() >= kLargestOptions)
    throw Error("cannot mount overlay '" + target + "': " + std::to_string(top_first.size()) +
                " layers do not fit in one mount option; a kernel from 6.5 on has no such limit");
  const int error = mount_in_folder(folder, target, shorter);
  if (error != 0) throw Error("cannot mount overlay '" + target + "': " + system_error_text(error));
}

bool fits_a_context(const std::vector<std::string>& layers, const std::string& upper, const std::string& work) {
  return upper.size() <= kLargestValue && work.size() <= kLargestValue &&
         std::all_of(layers.begin(), layers.end(), [](const std::string& l) { return l.size() <= kLargestValue; });
}

/// False if the kernel lacks "lowerdir+".
bool mount_by_context(const std::vector<std::string>& top_first, const std::string& upper, const std::string& work,
                      const std::string& target) {
  const Fd context(::fsopen("overlay", FSOPEN_CLOEXEC));
  if (!context) {
    if (errno == ENOSYS) return false;
    throw_system_error("use", "overlayfs", errno);
  }
  if (!add_layers_one_by_one(context.get(), top_first)) {
    if (errno == EINVAL) return false;
    overlay_error(context.get(), target, errno);
  }
  const bool options = set(context.get(), "upperdir", upper) && set(context.get(), "workdir", work) &&
                       set(context.get(), "index", "off") && set(context.get(), "metacopy", "off") &&
                       set(context.get(), "redirect_dir", "nofollow");
  if (!options) overlay_error(context.get(), target, errno);
  if (::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) {
    const int error = errno;
    const std::string message = context_message(context.get());
    // Before 6.5 options are only gathered up to here, where one that is not known fails without a word.
    if (error == EINVAL && message.empty()) return false;
    throw Error("cannot mount overlay '" + target + "': " + system_error_text(error) + message);
  }
  const Fd mounted(::fsmount(context.get(), FSMOUNT_CLOEXEC, 0));
  if (!mounted) overlay_error(context.get(), target, errno);
  if (::move_mount(mounted.get(), "", AT_FDCWD, target.c_str(), MOVE_MOUNT_F_EMPTY_PATH) != 0)
    throw_system_error("mount overlay on", target, errno);
  return true;
}

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

void mount_overlay(const std::vector<std::string>& layers, const std::string& upper, const std::string& work,
                   const std::string& target) {
  std::filesystem::create_directories(upper);
  std::filesystem::create_directories(target);
  if (layers.empty()) {
    if (::mount(upper.c_str(), target.c_str(), nullptr, MS_BIND, nullptr) != 0)
      throw_system_error("mount", target, errno);
    return;
  }
  std::filesystem::create_directories(work);
  const std::vector<std::string> top_first(layers.rbegin(), layers.rend());
  if (!fits_a_context(top_first, upper, work) || !mount_by_context(top_first, upper, work, target))
    mount_by_options(top_first, upper, work, target);
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
  return Fd(static_cast<int>(::syscall(SYS_openat2, fd_.get(), path.c_str(), &how, sizeof how)));
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
