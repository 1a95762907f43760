#include "build/copy_writer.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>

#include "davit/base/error.hpp"
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
    for (ssize_t done = 0; done < got;) {
      const ssize_t count = ::write(to, buffer.data() + done, static_cast<std::size_t>(got - done));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) throw_system_error("write", "/" + shown, errno);
      done += count;
    }
  }
}

bool unchanged(int fd, const struct stat& before) {
  struct stat now {};
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

CopyWriter::Owner CopyWriter::owner_of(const struct stat& info, bool from_context) const {
  if (owner_) return {owner_->first, owner_->second};
  return from_context ? Owner{0, 0} : Owner{info.st_uid, info.st_gid};
}

mode_t CopyWriter::mode_of(const struct stat& info) const {
  return mode_ ? mode_->apply(info.st_mode, S_ISDIR(info.st_mode)) : info.st_mode & 07777U;
}

bool CopyWriter::destination_is_folder() const {
  if (step_.destination.ends_with('/')) return true;
  const auto info = target_.look(destination_);
  return info && S_ISDIR(info->st_mode);
}

void CopyWriter::write(const SourceTree& tree, const std::vector<Item>& items) {
  const bool folder = destination_is_folder() || step_.parents;
  if (items.size() + step_.files.size() > 1 && !folder)
    throw Error(Diagnostic::error("destination-not-folder",
                                  "there are " + std::to_string(items.size() + step_.files.size()) +
                                      " sources, so the destination '" + step_.destination + "' must be a folder",
                                  where_)
                    .with_hint("end it with '/'"));
  for (const Item& item : items) write_item(tree, item, folder);
  for (auto place = folders_.rbegin(); place != folders_.rend(); ++place) {
    const Fd parent = target_.folder(parent_of(place->first));
    const std::array<struct timespec, 2> times{place->second.st_atim, place->second.st_mtim};
    check(::utimensat(parent.get(), base_of(place->first).c_str(), times.data(), AT_SYMLINK_NOFOLLOW), "set times of",
          place->first);
  }
}

void CopyWriter::write_item(const SourceTree& tree, const Item& item, bool into_folder) {
  if (item.entries.empty()) return;
  const std::pair<uid_t, gid_t> parents = owner_.value_or(std::pair<uid_t, gid_t>{0, 0});
  const mode_t parent_mode = mode_ ? mode_->apply(0755, true) : 0755;
  std::string target = destination_;
  const Entry& first = item.entries.front();
  const bool archive =
      step_.unpack && S_ISREG(first.info.st_mode) && image::looks_like_tar(tree.root().path() + "/" + first.path);
  if (step_.parents) target = joined(target, item.folder ? item.path : parent_of(item.path));
  if (item.folder || archive) {
    const std::string folder = target_.make_folders(target, parents, parent_mode, where_);
    if (archive) return unpack(tree, first, folder);
    return write_folder(tree, item, folder);
  }
  if (into_folder) {
    target = target_.make_folders(target, parents, parent_mode, where_);
    target = joined(target, item.name);
  } else {
    target_.make_folders(parent_of(target), parents, parent_mode, where_);
  }
  write_entry(tree, first, target);
}

void CopyWriter::write_folder(const SourceTree& tree, const Item& item, const std::string& target) {
  for (const Entry& entry : item.entries)
    if (!entry.to.empty()) write_entry(tree, entry, joined(target, entry.to));
}

int CopyWriter::folder_fd(const std::string& resolved) {
  if (!open_target_.second || open_target_.first != resolved) {
    open_target_ = {resolved, target_.folder(resolved)};
    open_below_ = target_.folder_below(resolved);
  }
  return open_target_.second.get();
}

int CopyWriter::source_fd(const SourceTree& tree, const std::string& folder) {
  if (!open_source_.second || open_source_.first != folder)
    open_source_ = {folder, tree.root().open(folder, O_RDONLY | O_DIRECTORY)};
  return open_source_.second.get();
}

void CopyWriter::prepare_place(const std::string& path, bool folder) {
  struct stat info {};
  const int parent = folder_fd(parent_of(path));
  const std::string name = base_of(path);
  const bool in_layer = ::fstatat(parent, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0;
  if (!in_layer && errno != ENOENT) throw_system_error("look at", "/" + path, errno);
  const bool there =
      in_layer || (open_below_ && ::fstatat(open_below_->get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0);
  if (!there || (folder && S_ISDIR(info.st_mode))) return;
  if (folder)
    throw Error(Diagnostic::error("type-conflict", "cannot copy a folder over '/" + path + "', which is none", where_));
  if (S_ISDIR(info.st_mode))
    throw Error(Diagnostic::error("type-conflict", "cannot copy a file over the folder '/" + path + "'", where_));
  // One that is only below is covered by the new one.
  if (in_layer) check(::unlinkat(parent, name.c_str(), 0), "replace", path);
}

void CopyWriter::write_entry(const SourceTree& tree, const Entry& entry, const std::string& target) {
  const bool is_folder = S_ISDIR(entry.info.st_mode);
  prepare_place(target, is_folder);
  const int parent = folder_fd(parent_of(target));
  const std::string name = base_of(target);
  if (is_folder) {
    if (::mkdirat(parent, name.c_str(), 0755) != 0 && errno != EEXIST)
      throw_system_error("make folder", "/" + target, errno);
    const Owner owner = owner_of(entry.info, from_context_);
    check(::fchownat(parent, name.c_str(), owner.uid, owner.gid, AT_SYMLINK_NOFOLLOW), "set owner of", target);
    check(::fchmodat(parent, name.c_str(), mode_of(entry.info), 0), "set mode of", target);
    const Fd from = tree.root().open(entry.path, O_RDONLY | O_DIRECTORY);
    const Fd to = target_.layer().open(target, O_RDONLY | O_DIRECTORY);
    copy_attributes(from.get(), to.get());
    folders_.emplace_back(target, entry.info);
    return;
  }
  if (entry.info.st_nlink > 1 && S_ISREG(entry.info.st_mode)) {
    const auto [place, is_new] = links_.try_emplace({entry.info.st_dev, entry.info.st_ino}, target);
    if (!is_new) {
      const Fd folder = target_.folder(parent_of(place->second));
      check(::linkat(folder.get(), base_of(place->second).c_str(), parent, name.c_str(), 0), "link", target);
      return;
    }
  }
  if (S_ISREG(entry.info.st_mode)) {
    if (!link_earlier(entry, target)) write_regular(tree, entry, target);
  } else {
    write_special(tree, entry, parent, name);
  }
}

void CopyWriter::write_regular(const SourceTree& tree, const Entry& entry, const std::string& target) {
  const int folder = folder_fd(parent_of(target));
  const int source_folder = source_fd(tree, parent_of(entry.path));
  const Fd from(::openat(source_folder, base_of(entry.path).c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!from) throw_system_error("read", tree.root().path() + "/" + entry.path, errno);
  const Fd to(::openat(folder, base_of(target).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!to) throw_system_error("make", "/" + target, errno);
  copy_bytes(from.get(), to.get(), target);
  const Owner owner = owner_of(entry.info, from_context_);
  if (owner.uid != 0 || owner.gid != 0) check(::fchown(to.get(), owner.uid, owner.gid), "set owner of", target);
  copy_attributes(from.get(), to.get());
  check(::fchmod(to.get(), mode_of(entry.info)), "set mode of", target);
  const std::array<struct timespec, 2> times{entry.info.st_atim, entry.info.st_mtim};
  check(::futimens(to.get(), times.data()), "set times of", target);
  if (!entry.digest) return;
  if (unchanged(from.get(), entry.info)) {
    written_.add(target, *entry.digest);
  } else {
    saw_changes_ = true;
  }
}

bool CopyWriter::link_earlier(const Entry& entry, const std::string& target) {
  if (earlier_ == nullptr || !entry.digest || !earlier_->manifest.has(target, *entry.digest)) return false;
  const std::string parent = parent_of(target);
  const std::string name = base_of(target);
  if (!open_earlier_.second || open_earlier_.first != parent) {
    auto fd = earlier_->root.try_open(parent, O_PATH | O_DIRECTORY);
    if (!fd) return false;
    open_earlier_ = {parent, *std::move(fd)};
  }
  struct stat there {};
  if (::fstatat(open_earlier_.second.get(), name.c_str(), &there, AT_SYMLINK_NOFOLLOW) != 0) return false;
  const Owner owner = owner_of(entry.info, from_context_);
  const bool same = S_ISREG(there.st_mode) && (there.st_mode & 07777U) == mode_of(entry.info) &&
                    there.st_uid == owner.uid && there.st_gid == owner.gid && there.st_size == entry.info.st_size &&
                    there.st_mtim.tv_sec == entry.info.st_mtim.tv_sec &&
                    there.st_mtim.tv_nsec == entry.info.st_mtim.tv_nsec;
  // Too many links, another file system: then it is copied.
  if (!same || ::linkat(open_earlier_.second.get(), name.c_str(), folder_fd(parent), name.c_str(), 0) != 0)
    return false;
  written_.add(target, *entry.digest);
  return true;
}

void CopyWriter::write_special(const SourceTree& tree, const Entry& entry, int folder, const std::string& name) {
  if (S_ISLNK(entry.info.st_mode)) {
    std::array<char, PATH_MAX> link{};
    const ssize_t length =
        ::readlinkat(source_fd(tree, parent_of(entry.path)), base_of(entry.path).c_str(), link.data(), link.size() - 1);
    if (length < 0) throw_system_error("read link", tree.root().path() + "/" + entry.path, errno);
    check(::symlinkat(link.data(), folder, name.c_str()), "make link", name);
  } else {
    check(::mknodat(folder, name.c_str(), entry.info.st_mode, entry.info.st_rdev), "make node", name);
    check(::fchmodat(folder, name.c_str(), mode_of(entry.info), 0), "set mode of", name);
  }
  set_owner_and_times(folder, name, entry.info);
}

void CopyWriter::set_owner_and_times(int folder, const std::string& name, const struct stat& info) const {
  const Owner owner = owner_of(info, from_context_);
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
  if (step_.files.size() > 1 && !into_folder)
    throw Error(Diagnostic::error("destination-not-folder",
                                  "there are " + std::to_string(step_.files.size()) + " sources, so the destination '" +
                                      step_.destination + "' must be a folder",
                                  where_)
                    .with_hint("end it with '/'"));
  for (const CopyStep::File& file : step_.files) {
    const std::string target = into_folder ? joined(destination_, file.name) : destination_;
    target_.make_folders(parent_of(target), owner, mode_ ? mode_->apply(0755, true) : 0755, where_);
    prepare_place(target, false);
    const Fd to(::openat(folder_fd(parent_of(target)), base_of(target).c_str(),
                         O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!to) throw_system_error("make", "/" + target, errno);
    for (std::size_t done = 0; done < file.content.size();) {
      const ssize_t count = ::write(to.get(), file.content.data() + done, file.content.size() - done);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) throw_system_error("write", "/" + target, errno);
      done += static_cast<std::size_t>(count);
    }
    check(::fchown(to.get(), owner.first, owner.second), "set owner of", target);
    check(::fchmod(to.get(), mode_ ? mode_->apply(0644, false) : 0644), "set mode of", target);
  }
}

}  // namespace davit::build
