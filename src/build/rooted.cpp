#include "build/rooted.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <deque>

#include "davit/base/error.hpp"

namespace davit::build {
namespace {

constexpr int kMostLinks = 255;

int open_inside(int root, const std::string& path, int flags, mode_t mode) {
  struct open_how how{};
  how.flags = static_cast<__u64>(flags | O_CLOEXEC);
  how.mode = mode;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  for (;;) {
    const long fd = ::syscall(SYS_openat2, root, path.empty() ? "." : path.c_str(), &how, sizeof(how));
    if (fd >= 0 || (errno != EINTR && errno != EAGAIN)) return static_cast<int>(fd);
  }
}

void push_front_components(std::deque<std::string>& queue, std::string_view path) {
  std::deque<std::string> parts;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    if (slash != 0) parts.emplace_back(path.substr(0, slash));
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
  }
  queue.insert(queue.begin(), parts.begin(), parts.end());
}

}  // namespace

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

std::string base_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

Root::Root(const std::string& path) : path_(path), fd_(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {
  if (!fd_) throw_system_error("open", path, errno);
}

std::optional<struct stat> Root::look(const std::string& resolved) const {
  struct stat info{};
  const Fd fd(open_inside(fd_.get(), resolved, O_PATH | O_NOFOLLOW, 0));
  if (!fd) {
    // RESOLVE_NO_SYMLINKS with O_PATH | O_NOFOLLOW opens a link in last place; one before it is ELOOP.
    if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) return std::nullopt;
    throw_system_error("look at", "/" + resolved, errno);
  }
  if (::fstatat(fd.get(), "", &info, AT_EMPTY_PATH) != 0) throw_system_error("look at", "/" + resolved, errno);
  return info;
}

std::string Root::link_target(const std::string& resolved) const {
  std::array<char, PATH_MAX> target{};
  const Fd link = open(resolved, O_PATH | O_NOFOLLOW);
  const ssize_t length = ::readlinkat(link.get(), "", target.data(), target.size());
  if (length < 0) throw_system_error("read link", "/" + resolved, errno);
  return {target.data(), static_cast<std::size_t>(length)};
}

std::string Root::resolve(std::string_view path) const {
  return resolve_links(
      path, [this](const std::string& part) { return look(part); },
      [this](const std::string& part) { return link_target(part); });
}

std::string resolve_links(std::string_view path,
                          const std::function<std::optional<struct stat>(const std::string&)>& look,
                          const std::function<std::string(const std::string&)>& read_link) {
  std::deque<std::string> left;
  push_front_components(left, path);
  std::string done;
  int links = 0;
  while (!left.empty()) {
    const std::string part = std::move(left.front());
    left.pop_front();
    if (part == ".") continue;
    if (part == "..") {
      done = parent_of(done);
      continue;
    }
    const std::string next = done.empty() ? part : done + "/" + part;
    const auto info = look(next);
    if (!info || !S_ISLNK(info->st_mode)) {
      done = next;
      continue;
    }
    if (++links > kMostLinks) throw_system_error("follow", "/" + std::string(path), ELOOP);
    const std::string target = read_link(next);
    if (target.starts_with('/')) done.clear();
    push_front_components(left, target);
  }
  return done;
}

Fd Root::open(const std::string& resolved, int flags, mode_t mode) const {
  Fd fd(open_inside(fd_.get(), resolved, flags, mode));
  if (!fd) throw_system_error("open", "/" + resolved, errno);
  return fd;
}

std::optional<Fd> Root::try_open(const std::string& resolved, int flags) const {
  Fd fd(open_inside(fd_.get(), resolved, flags, 0));
  if (fd) return fd;
  if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) return std::nullopt;
  throw_system_error("open", "/" + resolved, errno);
}

std::optional<std::string> Root::read(std::string_view path) const {
  constexpr std::size_t kLargest = 16U << 20U;
  const auto fd = try_open(resolve(path), O_RDONLY | O_NONBLOCK);
  if (!fd) return std::nullopt;
  std::string text;
  std::array<char, 16384> block{};
  for (;;) {
    const ssize_t got = ::read(fd->get(), block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) return text;
    text.append(block.data(), static_cast<std::size_t>(got));
    if (text.size() > kLargest) return std::nullopt;
  }
}

}  // namespace davit::build
