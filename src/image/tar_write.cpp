#include <dirent.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "davit/base/error.hpp"
#include "davit/image/layer_tar.hpp"
#include "image/rooted_tree.hpp"

namespace davit::image {
namespace {

constexpr std::size_t kRecord = 512;
constexpr std::size_t kReadBlock = 256U << 10U;
constexpr std::size_t kNameField = 100;
constexpr unsigned long kMqueueMagic = 0x19800202;  // ipc/mqueue.c; in no header
constexpr int kDeepest = 500;                       // each level is an open folder; a path has 4096 bytes at most
constexpr std::uint64_t kMaxOctal7 = 07777777;
constexpr std::uint64_t kMaxOctal11 = 077777777777;

/// The ustar header (POSIX.1-2008, pax, "ustar Interchange Format").
struct Header {
  char name[100];
  char mode[8];
  char uid[8];
  char gid[8];
  char size[12];
  char mtime[12];
  char checksum[8];
  char type;
  char linkname[100];
  char magic[6];
  char version[2];
  char uname[32];
  char gname[32];
  char devmajor[8];
  char devminor[8];
  char prefix[155];
  char padding[12];
};
static_assert(sizeof(Header) == kRecord);

/// What is written of one file; strings are longer than the header's fields when they need a pax record.
struct Entry {
  std::string path;  ///< folders end with '/'
  std::string link;
  char type = '0';
  mode_t mode = 0;
  uid_t uid = 0;
  gid_t gid = 0;
  std::uint64_t size = 0;
  std::int64_t mtime = 0;
  dev_t device = 0;
  std::map<std::string, std::string> xattrs;
};

template <std::size_t N>
void put_octal(char (&field)[N], std::uint64_t value) {
  for (std::size_t i = N - 1; i-- > 0;) {
    field[i] = static_cast<char>('0' + (value & 7U));
    value >>= 3U;
  }
  field[N - 1] = '\0';
}

template <std::size_t N>
void put_text(char (&field)[N], std::string_view text) {
  std::memcpy(field, text.data(), std::min(N, text.size()));
}

/// "27 path=some/long/name\n": the length counts itself.
std::string pax_record(std::string_view key, std::string_view value) {
  const std::size_t rest = key.size() + value.size() + 3;
  std::size_t length = rest + 1;
  while (std::to_string(length).size() + rest != length) length = std::to_string(length).size() + rest;
  std::string record = std::to_string(length);
  record.append(" ").append(key).append("=").append(value).append("\n");
  return record;
}

/// The records an entry needs beyond its header, in order of their keys.
std::string pax_records(const Entry& entry) {
  std::map<std::string, std::string> records;
  if (entry.path.size() > kNameField) records["path"] = entry.path;
  if (entry.link.size() > kNameField) records["linkpath"] = entry.link;
  if (entry.size > kMaxOctal11) records["size"] = std::to_string(entry.size);
  if (entry.uid > kMaxOctal7) records["uid"] = std::to_string(entry.uid);
  if (entry.gid > kMaxOctal7) records["gid"] = std::to_string(entry.gid);
  if (entry.mtime < 0 || static_cast<std::uint64_t>(entry.mtime) > kMaxOctal11)
    records["mtime"] = std::to_string(entry.mtime);
  for (const auto& [name, value] : entry.xattrs) records["SCHILY.xattr." + name] = value;
  std::string text;
  for (const auto& [key, value] : records) text += pax_record(key, value);
  return text;
}

Header header_of(const Entry& entry) {
  Header header{};
  put_text(header.name, entry.path);
  put_octal(header.mode, entry.mode & 07777U);
  put_octal(header.uid, entry.uid > kMaxOctal7 ? 0 : entry.uid);
  put_octal(header.gid, entry.gid > kMaxOctal7 ? 0 : entry.gid);
  put_octal(header.size, entry.size > kMaxOctal11 ? 0 : entry.size);
  const bool time_fits = entry.mtime >= 0 && static_cast<std::uint64_t>(entry.mtime) <= kMaxOctal11;
  put_octal(header.mtime, time_fits ? static_cast<std::uint64_t>(entry.mtime) : 0);
  header.type = entry.type;
  put_text(header.linkname, entry.link);
  std::memcpy(header.magic, "ustar", sizeof header.magic);
  std::memcpy(header.version, "00", sizeof header.version);
  put_octal(header.devmajor, major(entry.device));
  put_octal(header.devminor, minor(entry.device));
  std::memset(header.checksum, ' ', sizeof header.checksum);
  std::uint64_t sum = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(&header);
  for (std::size_t i = 0; i < sizeof header; ++i) sum += bytes[i];
  // Six digits, NUL, blank: as every tar has written it since 1979.
  char digits[7];
  put_octal(digits, sum);
  std::memcpy(header.checksum, digits, sizeof digits);
  return header;
}

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

std::vector<std::string> sorted_names(int folder, const std::string& path) {
  const int copy = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, CloseDir> dir(copy >= 0 ? ::fdopendir(copy) : nullptr);
  if (!dir) throw_entry_error("list", path, errno);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(dir.get())) {
    if (std::strcmp(entry->d_name, ".") != 0 && std::strcmp(entry->d_name, "..") != 0)
      names.emplace_back(entry->d_name);
  }
  if (errno != 0) throw_entry_error("list", path, errno);
  std::sort(names.begin(), names.end());
  return names;
}

/// Whether something is mounted here that no copy of files means: what the kernel shows of itself, and the devices of a
/// container. Volumes and other file systems are part of the tree.
bool is_of_the_kernel(int parent, int folder, const std::string& name, const std::string& path) {
  struct stat above{};
  struct stat here{};
  struct statfs mounted{};
  if (::fstat(parent, &above) != 0 || ::fstat(folder, &here) != 0 || ::fstatfs(folder, &mounted) != 0)
    throw_entry_error("look at", path, errno);
  if (above.st_dev == here.st_dev) return false;
  switch (static_cast<unsigned long>(mounted.f_type)) {
    case PROC_SUPER_MAGIC:
    case SYSFS_MAGIC:
    case DEVPTS_SUPER_MAGIC:
    case CGROUP_SUPER_MAGIC:
    case CGROUP2_SUPER_MAGIC:
    case kMqueueMagic:
      return true;
    case TMPFS_MAGIC:
      return name == "dev";
    default:
      return false;
  }
}

class TreeWriter {
 public:
  /// Without marks the tree is taken as it is.
  TreeWriter(std::optional<OverlayMarks> marks, const std::function<void(std::span<const char>)>& sink)
      : is_layer_(marks.has_value()),
        marks_(marks == OverlayMarks::Trusted ? "trusted.overlay." : "user.overlay."),
        sink_(sink),
        buffer_(kReadBlock) {}

  TarOfTree run(int root) {
    struct stat info{};
    if (::fstat(root, &info) != 0) throw_entry_error("look at", "/", errno);
    write_root(root, info);
    write_children(root, "");
    return end();
  }

  TarOfTree run_one(int folder, const std::string& name, const std::string& as) {
    struct stat info{};
    if (::fstatat(folder, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) throw_entry_error("look at", name, errno);
    write_entry(folder, name, as, info);
    return end();
  }

  TarOfTree run_children(int folder) {
    write_children(folder, "");
    return end();
  }

 private:
  TarOfTree end() {
    const std::vector<char> zeros(2 * kRecord);
    sink_(zeros);
    return done_;
  }

  /// An untouched root folder is no change: without it, layers that differ in nothing else have one name.
  void write_root(int root, const struct stat& info) {
    Entry entry = entry_of(info, "./", '5');
    const bool opaque = read_marks(root, "/", entry);
    if ((info.st_mode & 07777U) != 0755U || info.st_uid != 0 || info.st_gid != 0 || !entry.xattrs.empty()) write(entry);
    if (opaque) write_mark(".wh..wh..opq");
  }

  void write_children(int folder, const std::string& prefix) {
    for (const std::string& name : sorted_names(folder, prefix)) {
      struct stat info{};
      if (::fstatat(folder, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0)
        throw_entry_error("look at", prefix + name, errno);
      write_child(folder, name, prefix, info);
    }
  }

  void write_child(int folder, const std::string& name, const std::string& prefix, const struct stat& info) {
    if (is_layer_ && S_ISCHR(info.st_mode) && info.st_rdev == 0) return write_mark(prefix + ".wh." + name);
    write_entry(folder, name, prefix + name, info);
  }

  void write_entry(int folder, const std::string& name, const std::string& path, const struct stat& info) {
    if (S_ISSOCK(info.st_mode)) return;
    if (S_ISDIR(info.st_mode)) return write_folder(folder, name, path, info);
    if (info.st_nlink > 1 && write_hardlink(path, info)) return;
    if (S_ISREG(info.st_mode)) return write_file(folder, name, path, info);
    Entry entry = entry_of(info, path,
                           S_ISLNK(info.st_mode)   ? '2'
                           : S_ISCHR(info.st_mode) ? '3'
                           : S_ISBLK(info.st_mode) ? '4'
                                                   : '6');
    if (S_ISLNK(info.st_mode)) entry.link = read_link(folder, name, path);
    if (S_ISCHR(info.st_mode) || S_ISBLK(info.st_mode)) entry.device = info.st_rdev;
    write(entry);
  }

  void write_folder(int parent, const std::string& name, const std::string& path, const struct stat& info) {
    if (depth_ == kDeepest)
      throw Error(Diagnostic::error("too-deep", "'" + path.substr(0, 40) + "…' has folders in more than " +
                                                    std::to_string(kDeepest) + " others")
                      .with_hint("a loop that makes folders does such; remove them in the step that makes them"));
    const Fd folder(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder) throw_entry_error("open the folder", path, errno);
    Entry entry = entry_of(info, path + "/", '5');
    const bool opaque = read_marks(folder.get(), path, entry);
    write(entry);
    if (!is_layer_ && is_of_the_kernel(parent, folder.get(), name, path)) return;
    if (opaque) write_mark(path + "/.wh..wh..opq");
    ++depth_;
    write_children(folder.get(), path + "/");
    --depth_;
  }

  void write_file(int parent, const std::string& name, const std::string& path, const struct stat& info) {
    const Fd file = open_file(parent, name, path);
    Entry entry = entry_of(info, path, '0');
    entry.size = static_cast<std::uint64_t>(info.st_size);
    read_marks(file.get(), path, entry);
    write(entry);
    write_content(file.get(), path, entry.size);
    done_.bytes += info.st_size;
  }

  /// Without noting when the file was read: that would be a write for each. Only its owner and root may ask for that.
  static Fd open_file(int parent, const std::string& name, const std::string& path) {
    constexpr int kFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    Fd file(::openat(parent, name.c_str(), kFlags | O_NOATIME));
    if (!file && errno == EPERM) file.reset(::openat(parent, name.c_str(), kFlags));
    if (!file) throw_entry_error("open", path, errno);
    return file;
  }

  void write_content(int file, const std::string& path, std::uint64_t size) {
    std::uint64_t left = size;
    while (left > 0) {
      const ssize_t got = ::read(file, buffer_.data(), std::min<std::uint64_t>(left, buffer_.size()));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) throw_entry_error("read", path, errno);
      if (got == 0) throw Error(Diagnostic::error("bad-layer", "'" + path + "' became shorter while it was read"));
      sink_({buffer_.data(), static_cast<std::size_t>(got)});
      left -= static_cast<std::uint64_t>(got);
    }
    pad(size);
  }

  bool write_hardlink(const std::string& path, const struct stat& info) {
    const auto [first, is_new] = links_.try_emplace({info.st_dev, info.st_ino}, path);
    if (is_new) return false;
    Entry entry = entry_of(info, path, '1');
    entry.link = first->second;
    write(entry);
    return true;
  }

  void write_mark(const std::string& path) { write({.path = path}); }

  static Entry entry_of(const struct stat& info, std::string path, char type) {
    Entry entry;
    entry.path = std::move(path);
    entry.type = type;
    entry.mode = info.st_mode;
    entry.uid = info.st_uid;
    entry.gid = info.st_gid;
    entry.mtime = info.st_mtim.tv_sec;
    return entry;
  }

  static std::string read_link(int folder, const std::string& name, const std::string& path) {
    std::string target(PATH_MAX, '\0');
    const ssize_t length = ::readlinkat(folder, name.c_str(), target.data(), target.size());
    if (length < 0) throw_entry_error("read the link", path, errno);
    target.resize(static_cast<std::size_t>(length));
    return target;
  }

  /// Collects the attributes that belong to the file; true when the folder is opaque.
  bool read_marks(int fd, const std::string& path, Entry& entry) {
    const ssize_t size = ::flistxattr(fd, buffer_.data(), buffer_.size());
    if (size <= 0) return false;
    bool opaque = false;
    const std::string names(buffer_.data(), static_cast<std::size_t>(size));
    for (std::size_t at = 0; at < names.size(); at += std::strlen(names.c_str() + at) + 1) {
      const std::string name = names.c_str() + at;
      if (is_layer_ && name == marks_ + "opaque") opaque = get_xattr(fd, name, path) == "y";
      if (is_layer_ && (name == marks_ + "redirect" || name == marks_ + "metacopy"))
        throw Error(Diagnostic::error("bad-layer", "'" + path + "' has '" + name + "': it is no complete copy")
                        .with_hint("mount the overlay with redirect_dir=nofollow,metacopy=off"));
      if (name == "security.capability" || (name.starts_with("user.") && !name.starts_with("user.overlay.")))
        entry.xattrs[name] = get_xattr(fd, name, path);
    }
    return opaque;
  }

  static std::string get_xattr(int fd, const std::string& name, const std::string& path) {
    std::string value(XATTR_SIZE_MAX, '\0');
    const ssize_t size = ::fgetxattr(fd, name.c_str(), value.data(), value.size());
    if (size < 0) throw_entry_error("read the attribute '" + name + "' of", path, errno);
    value.resize(static_cast<std::size_t>(size));
    return value;
  }

  void write(const Entry& entry) {
    ++done_.entries;
    const std::string records = pax_records(entry);
    if (!records.empty()) {
      Entry extension;
      extension.path = "PaxHeaders.0/entry";
      extension.type = 'x';
      extension.mode = 0644;
      extension.size = records.size();
      write_header(extension);
      sink_(records);
      pad(records.size());
    }
    write_header(entry);
  }

  void write_header(const Entry& entry) {
    const Header header = header_of(entry);
    sink_({reinterpret_cast<const char*>(&header), sizeof header});
  }

  void pad(std::uint64_t size) {
    static constexpr char kZeros[kRecord] = {};
    const std::size_t over = size % kRecord;
    if (over != 0) sink_({kZeros, kRecord - over});
  }

  bool is_layer_;
  std::string marks_;
  const std::function<void(std::span<const char>)>& sink_;
  std::vector<char> buffer_;
  std::map<std::pair<dev_t, ino_t>, std::string> links_;
  TarOfTree done_;
  int depth_ = 0;
};

}  // namespace

TarOfTree write_layer_tar(int root, OverlayMarks marks, const std::function<void(std::span<const char>)>& sink) {
  return TreeWriter(marks, sink).run(root);
}

TarOfTree write_tree_tar(int folder, const std::string& name, const std::string& as,
                         const std::function<void(std::span<const char>)>& sink) {
  TreeWriter writer(std::nullopt, sink);
  return name.empty() ? writer.run_children(folder) : writer.run_one(folder, name, as);
}

}  // namespace davit::image
