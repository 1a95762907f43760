#include "copy_stream.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <exception>
#include <thread>

#include "davit/base/error.hpp"
#include "davit/base/files.hpp"
#include "davit/image/layer_tar.hpp"

namespace davit::cli {
namespace {

constexpr int kMostLinks = 40;

/// The whole block, however often it takes.
void write_all(int fd, std::span<const char> bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::write(fd, bytes.data(), bytes.size());
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) throw_system_error("write", "the copy", errno);
    bytes = bytes.subspan(static_cast<std::size_t>(sent));
  }
}

/// The other end may be closed by a failure there, which then is what is told: no signal for it.
void ignore_broken_pipe() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

image::UnpackOptions unpack_options(std::optional<std::pair<uid_t, gid_t>> owner) {
  image::UnpackOptions options;
  options.whiteouts = image::Whiteouts::Literal;
  options.owner = owner;
  return options;
}

}  // namespace

FileTree FileTree::here() {
  return FileTree(Fd());
}

FileTree FileTree::of(const engine::ObservedContainer& container) {
  const std::string process = "/proc/" + std::to_string(container.pid);
  Fd root(container.pid == 0 ? -1 : ::open((process + "/root").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  // The number may be another process's by now: the container's group carries its id.
  const auto groups = DiskFiles().read(process + "/cgroup");
  if (!root || !groups || groups->find(container.id.str()) == std::string::npos)
    throw Error(Diagnostic::error("not-running", "container '" + container.name + "' is not running")
                    .with_hint("its files can be reached while it runs: davit start " + container.service));
  return FileTree(std::move(root));
}

int FileTree::open(const std::string& path, int flags) const {
  if (!root_) return ::open(path.c_str(), flags | O_CLOEXEC);
  open_how how{};
  how.flags = static_cast<__u64>(flags) | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  return static_cast<int>(::syscall(SYS_openat2, root_.get(), path.empty() ? "/" : path.c_str(), &how, sizeof how));
}

PathKind FileTree::look(const std::string& path) const {
  const Fd fd(open(path, O_PATH));
  struct stat info{};
  if (!fd && errno != ENOENT && errno != ENOTDIR) throw_system_error("look at", path, errno);
  if (!fd || ::fstat(fd.get(), &info) != 0) return PathKind::Absent;
  return S_ISDIR(info.st_mode) ? PathKind::Folder : PathKind::File;
}

Fd FileTree::open_folder(const std::string& path) const {
  Fd fd(open(path, O_RDONLY | O_DIRECTORY));
  if (!fd) throw_system_error("open the folder", path, errno);
  return fd;
}

std::string FileTree::follow(std::string path) const {
  for (int links = 0; links < kMostLinks; ++links) {
    const auto [parent, name] = split_path(path);
    const Fd folder = open_folder(parent);
    std::array<char, PATH_MAX> target{};
    const ssize_t length = ::readlinkat(folder.get(), name.c_str(), target.data(), target.size());
    if (length < 0) return path;
    const std::string to(target.data(), static_cast<std::size_t>(length));
    path = to.starts_with('/') ? to : parent + "/" + to;
  }
  throw_system_error("follow", path, ELOOP);
}

void send_tree(const FileTree& from, const std::string& source, const std::string& name, const TarSink& sink) {
  if (name.empty()) {
    const Fd folder = from.open_folder(source);
    image::write_tree_tar(folder.get(), "", "", sink);
    return;
  }
  const auto [parent, base] = split_path(source);
  const bool whole = base.empty() || base == "." || base == "..";
  const Fd folder = from.open_folder(whole ? source : parent);
  image::write_tree_tar(folder.get(), whole ? "." : base, name, sink);
}

void copy_tree(const FileTree& from, const std::string& source, const FileTree& to, const CopyTarget& target,
               std::optional<std::pair<uid_t, gid_t>> owner) {
  const Fd folder = to.open_folder(target.folder);
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw_system_error("make", "a pipe", errno);
  std::exception_ptr failure;
  std::thread sender([&, out = ends[1]] {
    ignore_broken_pipe();
    const Fd pipe(out);
    try {
      send_tree(from, source, target.name, [&pipe](std::span<const char> bytes) { write_all(pipe.get(), bytes); });
    } catch (...) {
      failure = std::current_exception();
    }
  });
  std::exception_ptr unpacking;
  try {
    image::FdSource tar(Fd{ends[0]}, source);
    image::unpack_tar(tar, folder.get(), unpack_options(owner));
  } catch (...) {
    unpacking = std::current_exception();
  }
  sender.join();
  // A sender that broke down makes the tar end early; a receiver that did breaks the pipe. Either way one is the cause.
  if (unpacking && failure) {
    try {
      std::rethrow_exception(failure);
    } catch (const Error& error) {
      if (std::string(error.what()).find("Broken pipe") == std::string::npos) throw;
    }
  }
  if (unpacking) std::rethrow_exception(unpacking);
  if (failure) std::rethrow_exception(failure);
}

void receive_tree(const FileTree& to, const std::string& folder, std::optional<std::pair<uid_t, gid_t>> owner) {
  const Fd root = to.open_folder(folder);
  image::FdSource tar(Fd(::dup(STDIN_FILENO)), "standard input");
  image::unpack_tar(tar, root.get(), unpack_options(owner));
}

}  // namespace davit::cli
