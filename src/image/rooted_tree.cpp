#include "image/rooted_tree.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>

#include "davit/base/error.hpp"
#include "image/entry_path.hpp"

namespace davit::image {
namespace {

int open_in_root(int root, const std::string& path, std::uint64_t flags) {
  struct open_how how{};
  how.flags = flags;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  for (;;) {
    const long fd = ::syscall(SYS_openat2, root, path.empty() ? "." : path.c_str(), &how, sizeof how);
    // EAGAIN: a rename elsewhere disturbed the lookup of "..".
    if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) return static_cast<int>(fd);
  }
}

}  // namespace

void throw_entry_error(std::string_view doing, std::string_view path, int error_number) {
  const std::string message =
      "cannot " + std::string(doing) + " '" + std::string(path) + "': " + system_error_text(error_number);
  if (error_number == ENOSPC || error_number == EDQUOT)
    throw Error(
        Diagnostic::error("disk-full", message).with_hint("free some space and try again; nothing was left behind"));
  throw Error(Diagnostic::error("bad-layer", message));
}

const char* opaque_xattr(OverlayMarks marks) {
  return marks == OverlayMarks::Trusted ? "trusted.overlay.opaque" : "user.overlay.opaque";
}

int RootedTree::resolve(std::string_view path, Fd& into) const {
  into.reset(open_in_root(root_, std::string(path), O_PATH | O_DIRECTORY | O_CLOEXEC));
  return into ? 0 : errno;
}

std::optional<int> RootedTree::find_folder(std::string_view path) {
  if (path.empty()) return root_;
  if (cached_ && cached_path_ == path) return cached_.get();
  Fd folder;
  const int error = resolve(path, folder);
  if (error == ENOENT || error == ENOTDIR || error == ELOOP) return std::nullopt;
  if (error != 0) throw_entry_error("open the folder", path, error);
  cached_ = std::move(folder);
  cached_path_ = path;
  return cached_.get();
}

std::optional<int> RootedTree::make_folder(std::string_view path) {
  if (const auto found = find_folder(path)) return found;
  const SplitPath split = split_entry_path(path);
  const auto parent = make_folder(split.parent);
  if (!parent || !make_one(*parent, std::string(split.name), path)) return std::nullopt;
  return find_folder(path);
}

bool RootedTree::make_one(int parent, const std::string& name, std::string_view path) const {
  if (::mkdirat(parent, name.c_str(), 0755) != 0) {
    if (errno != EEXIST) throw_entry_error("make the folder", path, errno);
    struct stat info{};
    if (::fstatat(parent, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) throw_entry_error("look at", path, errno);
    const bool whiteout = S_ISCHR(info.st_mode) && info.st_rdev == 0;
    if (!whiteout) return false;
    if (::unlinkat(parent, name.c_str(), 0) != 0 || ::mkdirat(parent, name.c_str(), 0755) != 0)
      throw_entry_error("make the folder", path, errno);
    const Fd folder(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder || ::fsetxattr(folder.get(), opaque_xattr(marks_), "y", 1, 0) != 0)
      throw_entry_error("mark as opaque", path, errno);
  }
  // The process's umask is not the archive's business.
  if (::fchmodat(parent, name.c_str(), 0755, 0) != 0) throw_entry_error("set the mode of", path, errno);
  return true;
}

Fd RootedTree::open_folder(std::string_view path) const {
  return Fd(open_in_root(root_, std::string(path), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

void RootedTree::forget() {
  cached_.reset();
  cached_path_.clear();
}

}  // namespace davit::image
