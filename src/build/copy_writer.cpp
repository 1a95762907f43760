#include "build/copy_writer.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>

#include "build/parallel.hpp"
#include "davit/base/error.hpp"
#include "davit/base/write_all.hpp"
#include "davit/image/byte_source.hpp"
#include "davit/image/layer_tar.hpp"

namespace davit::build {
namespace {

std::string joined(const std::string& folder, const std::string& name) {
  if (name.empty()) return folder;
  return folder.empty() ? name : folder + "/" + name;
}

void check(int result, std::string_view doing, const std::string& path) {
  if (result != 0) throw_system_error(doing, "/" + path, errno);
}

std::string_view folder_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

/// The last part of a path; points into it, so that the system's calls take it as it is.
const char* name_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return path.c_str() + (slash == std::string::npos ? 0 : slash + 1);
}

std::int64_t nanoseconds(const struct timespec& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

/// In the kernel where it can be, else through a buffer.
void copy_bytes(int from, int to, const std::string& shown) {
  for (;;) {
    const ssize_t count = ::copy_file_range(from, nullptr, to, nullptr, std::size_t{1} << 30U, 0);
    if (count == 0) return;
    if (count > 0 || errno == EINTR) continue;
    if (errno != EXDEV && errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
      throw_system_error("write", "/" + shown, errno);
    break;
  }
  std::vector<char> buffer(std::size_t{256} << 10U);
  for (;;) {
    const ssize_t got = ::read(from, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_system_error("read", "/" + shown, errno);
    if (got == 0) return;
    if (!write_all(to, {buffer.data(), static_cast<std::size_t>(got)})) throw_system_error("write", "/" + shown, errno);
  }
}

bool unchanged(int fd, const struct stat& before) {
  struct stat now{};
  if (::fstat(fd, &now) != 0) return false;
  const auto same = [](const struct timespec& a, const struct timespec& b) {
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
  };
  return now.st_size == before.st_size && same(now.st_mtim, before.st_mtim) && same(now.st_ctim, before.st_ctim);
}

}  // namespace

CopyWriter::CopyWriter(const LayerTarget& target, const CopyStep& step, const Span& where, const EarlierLayer* earlier)
    : target_(target),
      earlier_(earlier),
      step_(step),
      where_(where),
      from_context_(std::holds_alternative<FromContext>(step.origin)) {
  if (!step.chown.empty()) owner_ = find_owner(target.files(), step.chown, where);
  if (!step.chmod.empty()) mode_.emplace(step.chmod, where);
  destination_ = target_.resolve(step.destination);
}

CopyWriter::Owner CopyWriter::owner_of(const struct stat& info) const {
  if (owner_) return {owner_->first, owner_->second};
  return from_context_ ? Owner{0, 0} : Owner{info.st_uid, info.st_gid};
}

mode_t CopyWriter::mode_of(const struct stat& info) const {
  return mode_ ? mode_->apply(info.st_mode) : info.st_mode & 07777U;
}

bool CopyWriter::destination_is_folder() const {
  if (step_.destination.ends_with('/')) return true;
  const auto info = target_.look(destination_);
  return info && S_ISDIR(info->st_mode);
}

void CopyWriter::check_is_one(std::size_t sources) const {
  if (sources <= 1) return;
  throw Error(Diagnostic::error("destination-not-folder",
                                "there are " + std::to_string(sources) + " sources, so the destination '" +
                                    step_.destination + "' must be a folder",
                                where_)
                  .with_hint("end it with '/'"));
}

void CopyWriter::write(const SourceTree& tree, const std::vector<Item>& items) {
  const bool folder = destination_is_folder() || step_.parents;
  if (!folder) check_is_one(items.size() + step_.files.size());
  for (const Item& item : items) write_item(tree, item, folder ? Destination::Folder : Destination::Itself);
  for (auto place = folders_.rbegin(); place != folders_.rend(); ++place) {
    const Fd parent = target_.folder(parent_of(place->first));
    const std::array<struct timespec, 2> times{place->second.st_atim, place->second.st_mtim};
    check(::utimensat(parent.get(), base_of(place->first).c_str(), times.data(), AT_SYMLINK_NOFOLLOW), "set times of",
          place->first);
  }
}

void CopyWriter::write_item(const SourceTree& tree, const Item& item, Destination destination) {
  if (item.entries.empty()) return;
  const std::pair<uid_t, gid_t> parents = owner_.value_or(std::pair<uid_t, gid_t>{0, 0});
  const mode_t parent_mode = mode_ ? mode_->apply(S_IFDIR | 0755) : 0755;
  std::string target = destination_;
  const Entry& first = item.entries.front();
  const bool archive =
      step_.unpack && S_ISREG(first.info.st_mode) && image::looks_like_tar(tree.root().path() + "/" + first.path);
  if (item.folder || archive) {
    const std::string folder = target_.make_folders(target, parents, parent_mode, where_);
    if (archive) return unpack(tree, first, folder);
    return write_folder(tree, item, folder);
  }
  if (destination == Destination::Folder) {
    target = target_.make_folders(target, parents, parent_mode, where_);
    target = joined(target, item.name);
  } else {
    target_.make_folders(parent_of(target), parents, parent_mode, where_);
  }
  write_entry(tree, first, target);
}

void CopyWriter::write_folder(const SourceTree& tree, const Item& item, const std::string& target) {
  const std::vector<bool> linked = link_unchanged(tree, item, target);
  for (std::size_t i = 0; i < item.entries.size(); ++i) {
    const Entry& entry = item.entries[i];
    if (entry.to.empty()) continue;
    if (linked.empty() || (!linked[i] && !S_ISDIR(entry.info.st_mode)))
      write_entry(tree, entry, joined(target, entry.to));
    else if (linked[i])
      written_.add(joined(target, entry.to), manifest_file(entry));
  }
}

/// Which of the entries are in the layer now, taken from the earlier one, folders side by side; the layer's folders are
/// made first. Empty when that is not worth it. What is not simple is left to write_entry.
std::vector<bool> CopyWriter::link_unchanged(const SourceTree& tree, const Item& item, const std::string& target) {
  constexpr std::size_t kMany = 500;
  if (earlier_ == nullptr || item.entries.size() < kMany) return {};
  struct Group {
    std::string folder;
    std::vector<std::pair<std::size_t, std::string>> files;  ///< index and path
  };
  std::vector<Group> groups;
  for (std::size_t i = 0; i < item.entries.size(); ++i) {
    const Entry& entry = item.entries[i];
    if (entry.to.empty()) continue;
    std::string path = joined(target, entry.to);
    if (S_ISDIR(entry.info.st_mode)) {
      write_folder_entry(tree, entry, path);
      continue;
    }
    if (!S_ISREG(entry.info.st_mode) || entry.info.st_nlink > 1 || !is_unchanged(entry, path)) continue;
    const std::string_view folder = folder_of(path);
    if (groups.empty() || groups.back().folder != folder) groups.push_back({std::string(folder), {}});
    groups.back().files.emplace_back(i, std::move(path));
  }
  std::vector<char> done(item.entries.size(), 0);  // bits of a vector<bool> are not for several threads
  for_each_parallel(groups.size(), [&](std::size_t g) {
    const Group& group = groups[g];
    // A folder of the state below may have a folder where the file is to go.
    if (target_.folder_below(group.folder)) return;
    const auto from = earlier_->root.try_open(group.folder, O_PATH | O_DIRECTORY);
    const auto to = target_.layer().try_open(group.folder, O_PATH | O_DIRECTORY);
    if (!from || !to) return;
    for (const auto& [i, path] : group.files)
      done[i] = ::linkat(from->get(), name_of(path), to->get(), name_of(path), 0) == 0 ? 1 : 0;
  });
  return {done.begin(), done.end()};
}

bool CopyWriter::is_unchanged(const Entry& entry, const std::string& target) const {
  if (earlier_ == nullptr || !entry.digest) return false;
  const ManifestFile* const there = earlier_->manifest.find(target);
  return there != nullptr && *there == manifest_file(entry);
}

int CopyWriter::folder_fd(std::string_view resolved) {
  if (!open_target_.second || open_target_.first != resolved) {
    const std::string folder(resolved);
    open_target_ = {folder, target_.folder(folder)};
    open_below_ = target_.folder_below(folder);
  }
  return open_target_.second.get();
}

int CopyWriter::source_fd(const SourceTree& tree, std::string_view folder) {
  if (!open_source_.second || open_source_.first != folder)
    open_source_ = {std::string(folder), tree.root().open(std::string(folder), O_RDONLY | O_DIRECTORY)};
  return open_source_.second.get();
}

/// -1 when the earlier layer has no such folder.
int CopyWriter::earlier_fd(std::string_view folder) {
  if (!open_earlier_.second || open_earlier_.first != folder) {
    auto fd = earlier_->root.try_open(std::string(folder), O_PATH | O_DIRECTORY);
    if (!fd) return -1;
    open_earlier_ = {std::string(folder), *std::move(fd)};
  }
  return open_earlier_.second.get();
}

void CopyWriter::check_below(const std::string& path) {
  (void)folder_fd(folder_of(path));
  struct stat info{};
  if (!open_below_ || ::fstatat(open_below_->get(), name_of(path), &info, AT_SYMLINK_NOFOLLOW) != 0) return;
  if (S_ISDIR(info.st_mode))
    throw Error(Diagnostic::error("type-conflict", "cannot copy a file over the folder '/" + path + "'", where_));
}

void CopyWriter::make_room(const std::string& path) {
  struct stat info{};
  const int folder = folder_fd(folder_of(path));
  check(::fstatat(folder, name_of(path), &info, AT_SYMLINK_NOFOLLOW), "look at", path);
  if (S_ISDIR(info.st_mode))
    throw Error(Diagnostic::error("type-conflict", "cannot copy a file over the folder '/" + path + "'", where_));
  check(::unlinkat(folder, name_of(path), 0), "replace", path);
  replaced_ = true;
}

template <class Make>
void CopyWriter::make_at(const std::string& path, std::string_view doing, const Make& make) {
  if (make() == 0) return;
  if (errno == EEXIST) {
    make_room(path);
    if (make() == 0) return;
  }
  throw_system_error(doing, "/" + path, errno);
}

void CopyWriter::write_folder_entry(const SourceTree& tree, const Entry& entry, const std::string& target) {
  if (const auto there = target_.look(target); there && !S_ISDIR(there->st_mode))
    throw Error(
        Diagnostic::error("type-conflict", "cannot copy a folder over '/" + target + "', which is none", where_));
  const int parent = folder_fd(folder_of(target));
  if (::mkdirat(parent, name_of(target), 0755) != 0 && errno != EEXIST)
    throw_system_error("make folder", "/" + target, errno);
  const Owner owner = owner_of(entry.info);
  check(::fchownat(parent, name_of(target), owner.uid, owner.gid, AT_SYMLINK_NOFOLLOW), "set owner of", target);
  check(::fchmodat(parent, name_of(target), mode_of(entry.info), 0), "set mode of", target);
  const Fd from = tree.root().open(entry.path, O_RDONLY | O_DIRECTORY);
  const Fd to = target_.layer().open(target, O_RDONLY | O_DIRECTORY);
  copy_attributes(from.get(), to.get(), "/" + target);
  folders_.emplace_back(target, entry.info);
}

void CopyWriter::write_entry(const SourceTree& tree, const Entry& entry, const std::string& target) {
  if (S_ISDIR(entry.info.st_mode)) return write_folder_entry(tree, entry, target);
  check_below(target);
  if (!S_ISREG(entry.info.st_mode)) return write_special(tree, entry, target);
  if (entry.info.st_nlink > 1) {
    const auto [place, is_new] = links_.try_emplace({entry.info.st_dev, entry.info.st_ino}, target);
    if (!is_new) {
      const Fd folder = target_.folder(parent_of(place->second));
      const int to = folder_fd(folder_of(target));
      return make_at(target, "link", [&, &first = place->second] {
        return ::linkat(folder.get(), name_of(first), to, name_of(target), 0);
      });
    }
  }
  if (!link_earlier(entry, target)) write_regular(tree, entry, target);
}

ManifestFile CopyWriter::manifest_file(const Entry& entry) const {
  const Owner owner = owner_of(entry.info);
  return {*entry.digest, mode_of(entry.info), owner.uid,
          owner.gid,     entry.info.st_size,  nanoseconds(entry.info.st_mtim)};
}

LayerManifest CopyWriter::take_manifest() {
  if (replaced_) written_.clear();
  return std::move(written_);
}

void CopyWriter::write_regular(const SourceTree& tree, const Entry& entry, const std::string& target) {
  const int folder = folder_fd(folder_of(target));
  const int source_folder = source_fd(tree, folder_of(entry.path));
  const Fd from(::openat(source_folder, name_of(entry.path), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!from) throw_system_error("read", tree.root().path() + "/" + entry.path, errno);
  Fd to;
  make_at(target, "make", [&] {
    to.reset(::openat(folder, name_of(target), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    return to ? 0 : -1;
  });
  copy_bytes(from.get(), to.get(), target);
  const Owner owner = owner_of(entry.info);
  struct stat made{};  // in a folder with the setgid bit it has the folder's group
  check(::fstat(to.get(), &made), "look at", target);
  if (made.st_uid != owner.uid || made.st_gid != owner.gid)
    check(::fchown(to.get(), owner.uid, owner.gid), "set owner of", target);
  copy_attributes(from.get(), to.get(), "/" + target);
  check(::fchmod(to.get(), mode_of(entry.info)), "set mode of", target);
  const std::array<struct timespec, 2> times{entry.info.st_atim, entry.info.st_mtim};
  check(::futimens(to.get(), times.data()), "set times of", target);
  if (!entry.digest) return;
  if (unchanged(from.get(), entry.info)) {
    written_.add(target, manifest_file(entry));
  } else {
    saw_changes_ = true;
  }
}

bool CopyWriter::link_earlier(const Entry& entry, const std::string& target) {
  if (!is_unchanged(entry, target)) return false;
  const int from = earlier_fd(folder_of(target));
  if (from < 0) return false;
  const int to = folder_fd(folder_of(target));
  int result = ::linkat(from, name_of(target), to, name_of(target), 0);
  if (result != 0 && errno == EEXIST) {
    make_room(target);
    result = ::linkat(from, name_of(target), to, name_of(target), 0);
  }
  // Too many links, another file system: then it is copied.
  if (result != 0) return false;
  written_.add(target, manifest_file(entry));
  return true;
}

void CopyWriter::write_special(const SourceTree& tree, const Entry& entry, const std::string& target) {
  const int folder = folder_fd(folder_of(target));
  if (S_ISLNK(entry.info.st_mode)) {
    std::array<char, PATH_MAX> link{};
    const int source = source_fd(tree, folder_of(entry.path));
    const ssize_t length = ::readlinkat(source, name_of(entry.path), link.data(), link.size() - 1);
    if (length < 0) throw_system_error("read link", tree.root().path() + "/" + entry.path, errno);
    make_at(target, "make link", [&] { return ::symlinkat(link.data(), folder, name_of(target)); });
  } else {
    make_at(target, "make node",
            [&] { return ::mknodat(folder, name_of(target), entry.info.st_mode, entry.info.st_rdev); });
    check(::fchmodat(folder, name_of(target), mode_of(entry.info), 0), "set mode of", target);
  }
  set_owner_and_times(folder, base_of(target), entry.info);
}

void CopyWriter::set_owner_and_times(int folder, const std::string& name, const struct stat& info) const {
  const Owner owner = owner_of(info);
  check(::fchownat(folder, name.c_str(), owner.uid, owner.gid, AT_SYMLINK_NOFOLLOW), "set owner of", name);
  const std::array<struct timespec, 2> times{info.st_atim, info.st_mtim};
  check(::utimensat(folder, name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW), "set times of", name);
}

void CopyWriter::unpack(const SourceTree& tree, const Entry& entry, const std::string& target) {
  const std::string path = tree.root().path() + "/" + entry.path;
  const auto file = image::open_source(path);
  const auto tar = image::decompress(*file);
  image::UnpackOptions options;
  options.whiteouts = image::Whiteouts::Literal;
  options.owner = owner_;
  const Fd folder = target_.folder(target);
  try {
    image::unpack_tar(*tar, folder.get(), options);
  } catch (Error& error) {
    throw error.context("while extracting '" + path + "'");
  }
}

void CopyWriter::write_files() {
  const bool into_folder = destination_is_folder();
  const std::pair<uid_t, gid_t> owner = owner_.value_or(std::pair<uid_t, gid_t>{0, 0});
  if (!into_folder) check_is_one(step_.files.size());
  for (const CopyStep::File& file : step_.files) {
    const std::string target = into_folder ? joined(destination_, file.name) : destination_;
    target_.make_folders(parent_of(target), owner, mode_ ? mode_->apply(S_IFDIR | 0755) : 0755, where_);
    check_below(target);
    const int folder = folder_fd(folder_of(target));
    Fd to;
    make_at(target, "make", [&] {
      to.reset(::openat(folder, name_of(target), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
      return to ? 0 : -1;
    });
    if (!write_all(to.get(), file.content)) throw_system_error("write", "/" + target, errno);
    check(::fchown(to.get(), owner.first, owner.second), "set owner of", target);
    check(::fchmod(to.get(), mode_ ? mode_->apply(S_IFREG | 0644) : 0644), "set mode of", target);
  }
}

}  // namespace davit::build
