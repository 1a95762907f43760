#include <archive_entry.h>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <limits>
#include <map>

#include "davit/base/error.hpp"
#include "davit/image/layer_tar.hpp"
#include "davit/image/remove_tree.hpp"
#include "image/entry_path.hpp"
#include "image/libarchive.hpp"
#include "image/rooted_tree.hpp"

namespace davit::image {
namespace {

constexpr std::string_view kWhiteoutPrefix = ".wh.";
/// As deep as write_layer_tar goes, which holds a descriptor a level.
constexpr std::ptrdiff_t kMaxDepth = 500;
constexpr std::string_view kOpaqueName = ".wh..wh..opq";

[[noreturn]] void refuse(std::string_view path, const std::string& why) {
  throw Error(Diagnostic::error("bad-layer", "cannot unpack '" + std::string(path) + "': " + why));
}

bool is_whiteout(const struct stat& info) {
  return S_ISCHR(info.st_mode) && info.st_rdev == 0;
}

/// What an entry says about whom it belongs to and when it changed.
struct Attributes {
  uid_t uid = 0;
  gid_t gid = 0;
  mode_t mode = 0;  ///< permission bits with setuid, setgid, sticky
  std::array<timespec, 2> times{};
};

class Unpacker {
 public:
  Unpacker(ByteSource& tar, int root, const UnpackOptions& options)
      : options_(options), reader_(tar), tree_(root, options.marks) {
    archive_read_support_format_tar(reader_.get());
    if (!reader_.open())
      throw Error(Diagnostic::error("bad-archive", "this is no tar archive")
                      .with_hint("it may be a compression that is not supported: gzip, zstd, xz and bzip2 are"));
  }

  UnpackedTar run() {
    while (::archive_entry* entry = reader_.next_entry()) {
      if (++done_.entries > options_.max_entries)
        throw Error(Diagnostic::error(
            "bad-archive", "the archive has more than " + std::to_string(options_.max_entries) + " entries"));
      if (std::exchange(resolved_are_stale_, false)) tree_.forget();
      unpack(entry);
    }
    finish_folders();
    return done_;
  }

 private:
  void unpack(::archive_entry* entry) {
    const char* raw_name = archive_entry_pathname(entry);
    if (raw_name == nullptr)
      throw Error(Diagnostic::error("bad-archive", "the archive has an entry without a readable name"));
    const auto path = clean_entry_path(raw_name);
    if (!path) refuse(raw_name, "its name leaves the root");
    if (path->empty()) return unpack_root(entry, raw_name);
    if (std::count(path->begin(), path->end(), '/') > kMaxDepth) refuse(raw_name, "it is nested too deep");
    const SplitPath split = split_entry_path(*path);
    if (options_.whiteouts == Whiteouts::ToOverlay && split.name.starts_with(kWhiteoutPrefix))
      return unpack_whiteout(*path, split);
    const auto parent = tree_.make_folder(split.parent);
    if (!parent) refuse(*path, "'" + std::string(split.parent) + "' is not a folder");
    const std::string name(split.name);
    if (archive_entry_hardlink(entry) != nullptr) return unpack_hardlink(entry, *parent, name, *path);
    switch (archive_entry_filetype(entry)) {
      case AE_IFREG:
        return unpack_file(entry, *parent, name, *path);
      case AE_IFDIR:
        return unpack_folder(entry, *parent, name, *path);
      case AE_IFLNK:
        return unpack_symlink(entry, *parent, name, *path);
      case AE_IFCHR:
      case AE_IFBLK:
      case AE_IFIFO:
        return unpack_node(entry, *parent, name, *path);
      case AE_IFSOCK:
        return;  // never archived by anyone who reads it back
      default:
        refuse(*path, "its type is unknown");
    }
  }

  // --- whiteouts

  void unpack_whiteout(const std::string& path, const SplitPath& split) {
    if (split.name == kOpaqueName) {
      const auto parent = folder_for_whiteout(split.parent);
      if (parent) mark_opaque(split.parent);
      return;
    }
    const std::string hidden(split.name.substr(kWhiteoutPrefix.size()));
    if (hidden.starts_with(kWhiteoutPrefix)) return;  // aufs keeps its own notes under such names
    if (hidden.empty() || hidden == "." || hidden == "..") refuse(path, "it is a whiteout of nothing");
    const auto parent = folder_for_whiteout(split.parent);
    if (!parent) return;
    struct stat info{};
    if (::fstatat(*parent, hidden.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0) {
      // This layer has something of that name itself, and a whiteout speaks of lower layers only.
      if (S_ISDIR(info.st_mode)) mark_opaque(sibling(split.parent, hidden));
      return;
    }
    if (errno != ENOENT) throw_entry_error("look at", path, errno);
    if (::mknodat(*parent, hidden.c_str(), S_IFCHR, makedev(0, 0)) != 0)
      throw_entry_error("make the whiteout", path, errno);
  }

  /// Real images have ".wh.foo" and then "foo/.wh.bar": the second one has nothing left to hide.
  std::optional<int> folder_for_whiteout(std::string_view parent) {
    if (const auto found = tree_.find_folder(parent)) return found;
    for (std::string_view prefix = parent; !prefix.empty(); prefix = split_entry_path(prefix).parent) {
      const SplitPath split = split_entry_path(prefix);
      const auto above = tree_.find_folder(split.parent);
      if (!above) continue;
      struct stat info{};
      if (::fstatat(*above, std::string(split.name).c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0) return std::nullopt;
      break;
    }
    return tree_.make_folder(parent);
  }

  void mark_opaque(std::string_view folder) {
    const Fd fd = tree_.open_folder(folder);
    if (!fd || ::fsetxattr(fd.get(), opaque_xattr(options_.marks), "y", 1, 0) != 0)
      throw_entry_error("mark as opaque", folder, errno);
  }

  static std::string sibling(std::string_view parent, const std::string& name) {
    return parent.empty() ? name : std::string(parent) + "/" + name;
  }

  // --- kinds of entries

  /// Docker leaves the root folder as it is, whatever the archive says of it: many are made of a folder of `mktemp`,
  /// which only root may enter, and then no other user could run anything (moby/go-archive, Unpack).
  static void unpack_root(::archive_entry* entry, const char* raw_name) {
    if (archive_entry_filetype(entry) != AE_IFDIR) refuse(raw_name, "it is the root but not a folder");
  }

  void unpack_file(::archive_entry* entry, int parent, const std::string& name, const std::string& path) {
    constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    Fd fd(::openat(parent, name.c_str(), kFlags, 0600));
    if (!fd && errno == EEXIST) {
      remove_existing(parent, name, path);
      fd.reset(::openat(parent, name.c_str(), kFlags, 0600));
    }
    if (!fd) throw_entry_error("make the file", path, errno);
    write_data(fd.get(), archive_entry_size(entry), path);
    const Attributes attributes = attributes_of(entry, path);
    if (::fchown(fd.get(), attributes.uid, attributes.gid) != 0) throw_entry_error("set the owner of", path, errno);
    set_xattrs(fd.get(), entry, path);
    if (::fchmod(fd.get(), attributes.mode) != 0) throw_entry_error("set the mode of", path, errno);
    if (::futimens(fd.get(), attributes.times.data()) != 0) throw_entry_error("set the time of", path, errno);
  }

  void write_data(int fd, la_int64_t size, const std::string& path) {
    la_int64_t end = 0;
    for (;;) {
      const void* data = nullptr;
      std::size_t length = 0;
      la_int64_t offset = 0;
      const int code = archive_read_data_block(reader_.get(), &data, &length, &offset);
      if (code == ARCHIVE_EOF) break;
      reader_.check(code);
      write_at(fd, static_cast<const char*>(data), length, offset, path);
      end = offset + static_cast<la_int64_t>(length);
      count_bytes(length);
    }
    // A sparse file may end with a hole.
    if (end < size && ::ftruncate(fd, size) != 0) throw_entry_error("write", path, errno);
  }

  static void write_at(int fd, const char* data, std::size_t length, off_t offset, const std::string& path) {
    while (length > 0) {
      const ssize_t put = ::pwrite(fd, data, length, offset);
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) throw_entry_error("write", path, errno);
      data += put;
      offset += put;
      length -= static_cast<std::size_t>(put);
    }
  }

  void count_bytes(std::size_t length) {
    done_.bytes += static_cast<std::int64_t>(length);
    if (static_cast<std::uint64_t>(done_.bytes) > options_.max_bytes)
      throw Error(Diagnostic::error(
          "bad-archive", "the archive unpacks to more than " + std::to_string(options_.max_bytes) + " bytes"));
  }

  void unpack_folder(::archive_entry* entry, int parent, const std::string& name, const std::string& path) {
    if (::mkdirat(parent, name.c_str(), 0700) != 0) {
      if (errno != EEXIST) throw_entry_error("make the folder", path, errno);
      struct stat info{};
      if (::fstatat(parent, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) throw_entry_error("look at", path, errno);
      if (!S_ISDIR(info.st_mode)) {
        remove_existing(parent, name, path);
        if (::mkdirat(parent, name.c_str(), 0700) != 0) throw_entry_error("make the folder", path, errno);
        // Whiteout and folder of one name: what lower layers have below it stays hidden.
        if (is_whiteout(info)) mark_opaque(path);
      }
    }
    const Fd fd(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd) throw_entry_error("open the folder", path, errno);
    set_folder_attributes(fd.get(), entry, path);
  }

  void set_folder_attributes(int fd, ::archive_entry* entry, const std::string& path) {
    const Attributes attributes = attributes_of(entry, path);
    if (::fchown(fd, attributes.uid, attributes.gid) != 0) throw_entry_error("set the owner of", path, errno);
    set_xattrs(fd, entry, path);
    // Mode and time come last: entries below need the one and change the other.
    folders_[path] = attributes;
  }

  void finish_folders() {
    for (auto it = folders_.rbegin(); it != folders_.rend(); ++it) {
      const Fd fd = tree_.open_folder(it->first);
      if (!fd && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)) continue;  // replaced by a later entry
      if (!fd) throw_entry_error("open the folder", it->first, errno);
      if (::fchmod(fd.get(), it->second.mode) != 0) throw_entry_error("set the mode of", it->first, errno);
      if (::futimens(fd.get(), it->second.times.data()) != 0) throw_entry_error("set the time of", it->first, errno);
    }
  }

  void unpack_symlink(::archive_entry* entry, int parent, const std::string& name, const std::string& path) {
    const char* target = archive_entry_symlink(entry);
    if (target == nullptr || *target == '\0') refuse(path, "it is a symbolic link to nothing");
    // The target is data: it is followed by programs in the container, inside their root.
    if (::symlinkat(target, parent, name.c_str()) != 0) {
      if (errno != EEXIST) throw_entry_error("make the link", path, errno);
      remove_existing(parent, name, path);
      if (::symlinkat(target, parent, name.c_str()) != 0) throw_entry_error("make the link", path, errno);
    }
    const Attributes attributes = attributes_of(entry, path);
    set_unopened_attributes(parent, name, attributes, entry, path);
  }

  void unpack_node(::archive_entry* entry, int parent, const std::string& name, const std::string& path) {
    const Attributes attributes = attributes_of(entry, path);
    const mode_t type = archive_entry_filetype(entry);
    const dev_t device = type == AE_IFIFO ? 0 : archive_entry_rdev(entry);
    if (::mknodat(parent, name.c_str(), type | 0600, device) != 0) {
      if (errno != EEXIST) throw_entry_error("make the device", path, errno);
      remove_existing(parent, name, path);
      if (::mknodat(parent, name.c_str(), type | 0600, device) != 0) throw_entry_error("make the device", path, errno);
    }
    set_unopened_attributes(parent, name, attributes, entry, path);
    // Just made by us and not a link, so following cannot lead away.
    if (::fchmodat(parent, name.c_str(), attributes.mode, 0) != 0) throw_entry_error("set the mode of", path, errno);
    if (::utimensat(parent, name.c_str(), attributes.times.data(), AT_SYMLINK_NOFOLLOW) != 0)
      throw_entry_error("set the time of", path, errno);
  }

  void unpack_hardlink(::archive_entry* entry, int parent, const std::string& name, const std::string& path) {
    const char* raw_target = archive_entry_hardlink(entry);
    const auto target = clean_entry_path(raw_target);
    if (!target || target->empty()) refuse(path, std::string("its target '") + raw_target + "' leaves the root");
    if (*target == path) return;
    const SplitPath split = split_entry_path(*target);
    // The entry's parent must survive the lookup of the target's.
    const Fd here(::fcntl(parent, F_DUPFD_CLOEXEC, 3));
    if (!here) throw_entry_error("open the folder of", path, errno);
    const auto there = tree_.find_folder(split.parent);
    const std::string target_name(split.name);
    struct stat info{};
    if (!there || ::fstatat(*there, target_name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0)
      refuse(path, "it is a hard link to '" + *target + "', which is not in this archive before it");
    if (S_ISDIR(info.st_mode)) refuse(path, "it is a hard link to the folder '" + *target + "'");
    if (::linkat(*there, target_name.c_str(), here.get(), name.c_str(), 0) == 0) return;
    if (errno != EEXIST) throw_entry_error("make the hard link", path, errno);
    remove_existing(here.get(), name, path);
    const auto again = tree_.find_folder(split.parent);
    if (!again || ::linkat(*again, target_name.c_str(), here.get(), name.c_str(), 0) != 0)
      throw_entry_error("make the hard link", path, errno);
  }

  // --- attributes

  Attributes attributes_of(::archive_entry* entry, const std::string& path) const {
    Attributes attributes;
    if (options_.owner) {
      attributes.uid = options_.owner->first;
      attributes.gid = options_.owner->second;
    } else {
      attributes.uid = id_of(archive_entry_uid(entry), path);
      attributes.gid = id_of(archive_entry_gid(entry), path);
    }
    attributes.mode = archive_entry_perm(entry) & 07777U;
    const timespec time{archive_entry_mtime(entry), archive_entry_mtime_nsec(entry)};
    attributes.times = {time, time};
    return attributes;
  }

  static id_t id_of(la_int64_t value, const std::string& path) {
    // The largest one means "leave as it is" to the kernel.
    if (value < 0 || value >= std::numeric_limits<id_t>::max())
      refuse(path, "its owner " + std::to_string(value) + " is out of range");
    return static_cast<id_t>(value);
  }

  /// Calls `set(name, value, size)` for the attributes that belong to the file: overlayfs's own marks are ours to make,
  /// and an archive that brings some would reach into other layers.
  template <class Set>
  static void each_xattr(::archive_entry* entry, const Set& set) {
    archive_entry_xattr_reset(entry);
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK) {
      const std::string_view view(name);
      if (view.starts_with("trusted.overlay.") || view.starts_with("user.overlay.")) continue;
      set(name, value, size);
    }
  }

  /// The file system keeps no such attribute.
  static bool may_ignore(int error) { return error == ENOTSUP; }

  void set_xattrs(int fd, ::archive_entry* entry, const std::string& path) const {
    each_xattr(entry, [&](const char* name, const void* value, std::size_t size) {
      if (::fsetxattr(fd, name, value, size, 0) != 0 && !may_ignore(errno))
        throw_entry_error("set the attribute '" + std::string(name) + "' of", path, errno);
    });
  }

  void set_unopened_attributes(int parent, const std::string& name, const Attributes& attributes,
                               ::archive_entry* entry, const std::string& path) const {
    if (::fchownat(parent, name.c_str(), attributes.uid, attributes.gid, AT_SYMLINK_NOFOLLOW) != 0)
      throw_entry_error("set the owner of", path, errno);
    const std::string by_fd = "/proc/self/fd/" + std::to_string(parent) + "/" + name;
    each_xattr(entry, [&](const char* attribute, const void* value, std::size_t size) {
      // The kernel allows user.* on files and folders only.
      if (std::string_view(attribute).starts_with("user.")) return;
      if (::lsetxattr(by_fd.c_str(), attribute, value, size, 0) != 0 && !may_ignore(errno))
        throw_entry_error("set the attribute '" + std::string(attribute) + "' of", path, errno);
    });
    if (::utimensat(parent, name.c_str(), attributes.times.data(), AT_SYMLINK_NOFOLLOW) != 0)
      throw_entry_error("set the time of", path, errno);
  }

  void remove_existing(int parent, const std::string& name, const std::string& path) {
    // What is removed may be a folder that was resolved before, or a link to it. `parent` is still in use, so the tree
    // forgets before the next entry.
    resolved_are_stale_ = true;
    if (::unlinkat(parent, name.c_str(), 0) == 0) return;
    if (errno != EISDIR && errno != EPERM) throw_entry_error("replace", path, errno);
    remove_tree_at(parent, name);
  }

  UnpackOptions options_;
  ArchiveReader reader_;
  RootedTree tree_;
  std::map<std::string, Attributes> folders_;
  UnpackedTar done_;
  bool resolved_are_stale_ = false;
};

}  // namespace

UnpackedTar unpack_tar(ByteSource& tar, int root, const UnpackOptions& options) {
  const Utf8Scope utf8;
  return Unpacker(tar, root, options).run();
}

}  // namespace davit::image
