#include "davit/image/remove_tree.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <vector>

#include "davit/base/error.hpp"
#include "davit/base/fd.hpp"

namespace davit::image {
namespace {

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

/// Deeper ones are brought up before they are removed, so that few descriptors and little stack do for any depth.
constexpr int kDeepest = 32;

std::vector<std::string> names_in(int folder, const std::string& name) {
  std::vector<std::string> names;
  const int copy = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, CloseDir> dir(copy >= 0 ? ::fdopendir(copy) : nullptr);
  if (!dir && errno == ENOENT) return names;
  if (!dir) throw_system_error("list", name, errno);
  errno = 0;
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string_view child = entry->d_name;
    if (child != "." && child != "..") names.emplace_back(child);
  }
  if (errno != 0 && errno != ENOENT) throw_system_error("list", name, errno);
  return names;
}

class TreeRemover {
 public:
  TreeRemover(int top, std::string name) : top_(top), name_(std::move(name)) {}

  void remove_children() {
    do {
      brought_up_ = false;
      remove_in(top_, 0);
    } while (brought_up_);
  }

 private:
  void remove_in(int folder, int depth) {
    for (const std::string& child : names_in(folder, name_)) remove_child(folder, child, depth);
  }

  void remove_child(int folder, const std::string& child, int depth) {
    if (::unlinkat(folder, child.c_str(), 0) == 0 || errno == ENOENT) return;
    const int error = errno;  // of a folder EISDIR or EPERM, as the file system likes it
    if (error != EISDIR && error != EPERM) throw_system_error("remove", child, error);
    if (::unlinkat(folder, child.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return;
    if (errno == ENOTDIR) throw_system_error("remove", child, error);
    if (errno != ENOTEMPTY && errno != EEXIST) throw_system_error("remove", child, errno);
    if (depth == kDeepest) return bring_up(folder, child);
    {
      const Fd below(::openat(folder, child.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (!below && errno == ENOENT) return;
      if (!below) throw_system_error("remove", child, errno);
      remove_in(below.get(), depth + 1);
    }
    if (::unlinkat(folder, child.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT)
      throw_system_error("remove", child, errno);
  }

  /// Into the topmost folder, under a name nobody has there.
  void bring_up(int folder, const std::string& child) {
    brought_up_ = true;
    for (;;) {
      const std::string name = ".deep-" + std::to_string(next_++);
      if (::renameat2(folder, child.c_str(), top_, name.c_str(), RENAME_NOREPLACE) == 0 || errno == ENOENT) return;
      if (errno != EEXIST) throw_system_error("remove", child, errno);
    }
  }

  int top_;
  std::string name_;
  unsigned next_ = 0;
  bool brought_up_ = false;
};

}  // namespace

void remove_tree_at(int parent, const std::string& name) {
  if (::unlinkat(parent, name.c_str(), 0) == 0 || errno == ENOENT) return;
  if (errno != EISDIR && errno != EPERM) throw_system_error("remove", name, errno);
  {
    const Fd folder(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder && errno == ENOENT) return;
    if (!folder) throw_system_error("remove", name, errno);
    TreeRemover(folder.get(), name).remove_children();
  }
  if (::unlinkat(parent, name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) throw_system_error("remove", name, errno);
}

void remove_tree(const std::filesystem::path& path) {
  const Fd parent(::open(path.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!parent) {
    if (errno == ENOENT) return;
    throw_system_error("remove", path.string(), errno);
  }
  remove_tree_at(parent.get(), path.filename().string());
}

}  // namespace davit::image
