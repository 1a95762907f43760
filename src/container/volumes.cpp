#include "container/volumes.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "container/copy_tree.hpp"
#include "davit/base/error.hpp"

namespace davit::container {
namespace {

namespace fs = std::filesystem;
using engine::Mount;

// Beside a volume while it is filled: what is not whole yet, and what is.
constexpr const char* kCopying = ".copying";
constexpr const char* kCopied = ".copied";

/// A read-only bind is so for everything mounted below it, where the kernel can (mount_setattr, 5.12). Below a file
/// there is nothing, and crun 1.8 cannot do "rro" with one: it opens the target as a folder.
std::string read_only_option(const std::string& source, const HostFacts& host) {
  if (std::error_code error; !fs::is_directory(source, error)) return "ro";
  const bool recursive = host.kernel_major > 5 || (host.kernel_major == 5 && host.kernel_minor >= 12);
  return recursive ? "rro" : "ro";
}

OciMount bind(const Mount& mount, std::string source, const HostFacts& host) {
  OciMount out{
      mount.target, "bind", std::move(source), {"rbind", mount.propagation.empty() ? "rprivate" : mount.propagation}};
  if (mount.read_only) out.options.push_back(read_only_option(out.source, host));
  return out;
}

OciMount prepare_bind(const Mount& mount, const HostFacts& host) {
  std::error_code error;
  if (!fs::exists(mount.source, error)) {
    if (mount.create_source == Mount::CreateSource::No)
      throw Error(Diagnostic::error("no-bind-source", "cannot mount '" + mount.source + "' at '" + mount.target +
                                                          "': it does not exist on the host")
                      .with_hint("create it, or set 'create_host_path: true'"));
    fs::create_directories(mount.source, error);
    if (error) throw Error("cannot create the bind source '" + mount.source + "': " + error.message());
  }
  return bind(mount, mount.source, host);
}

bool has_option(const Mount& mount, const std::string& name) {
  return std::find(mount.tmpfs_options.begin(), mount.tmpfs_options.end(), name) != mount.tmpfs_options.end();
}

OciMount prepare_tmpfs(const Mount& mount) {
  OciMount out{mount.target, "tmpfs", "tmpfs", {}};
  // Docker's defaults, each of which the user's options can turn round.
  constexpr std::array<std::pair<const char*, const char*>, 3> kDefaults{
      {{"noexec", "exec"}, {"nosuid", "suid"}, {"nodev", "dev"}}};
  for (const auto& [option, opposite] : kDefaults)
    if (!has_option(mount, option) && !has_option(mount, opposite)) out.options.emplace_back(option);
  out.options.insert(out.options.end(), mount.tmpfs_options.begin(), mount.tmpfs_options.end());
  if (mount.tmpfs_size) out.options.push_back("size=" + std::to_string(*mount.tmpfs_size));
  if (mount.tmpfs_mode) {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "mode=%o", *mount.tmpfs_mode);
    out.options.emplace_back(text.data());
  }
  if (mount.read_only) out.options.emplace_back("ro");
  return out;
}

bool is_empty(const std::string& folder) {
  std::error_code error;
  return fs::is_empty(folder, error) && !error;
}

/// Moves what was copied to where it belongs. What somebody else has put there meanwhile stays.
void move_content(const std::string& from, const std::string& to) {
  std::vector<fs::path> entries;
  for (const auto& entry : fs::directory_iterator(from)) entries.push_back(entry.path());
  for (const fs::path& entry : entries) {
    const std::string target = to + "/" + entry.filename().string();
    if (::renameat2(AT_FDCWD, entry.c_str(), AT_FDCWD, target.c_str(), RENAME_NOREPLACE) != 0 && errno != EEXIST)
      throw_system_error("fill volume", to, errno);
  }
  struct stat info{};
  if (::stat(from.c_str(), &info) != 0) throw_system_error("fill volume", to, errno);
  if (::chown(to.c_str(), info.st_uid, info.st_gid) != 0 || ::chmod(to.c_str(), info.st_mode & 07777U) != 0)
    throw_system_error("set owner and mode of volume", to, errno);
  const std::array<timespec, 2> times{info.st_atim, info.st_mtim};
  if (::utimensat(AT_FDCWD, to.c_str(), times.data(), 0) != 0) throw_system_error("set time of volume", to, errno);
  fs::remove_all(from);
}

/// Docker's copyExistingContents: a folder of the image fills an empty volume; the volume root takes its owner and
/// mode. Copied beside the volume and moved in when it is whole; a crash at any point is made good by the next start.
void fill(const Mount& mount, const std::string& volume, const Root& root) {
  const Fd image = root.open(mount.target, O_RDONLY | O_DIRECTORY);
  if (!image && errno == ENOTDIR)
    throw Error("cannot mount volume '" + mount.source + "' over the file '" + mount.target + "' of the image");
  if (!image && errno == ENOENT) return;  // an empty volume, 0755 root
  if (!image) throw_system_error("fill volume '" + mount.source + "' from", mount.target, errno);
  const Fd target(::open(volume.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!target) throw_system_error("open volume", volume, errno);
  // Several containers may start on the same new volume, also of different projects: one fills it, the others wait.
  while (::flock(target.get(), LOCK_EX) != 0)
    if (errno != EINTR) throw_system_error("lock volume", volume, errno);
  const std::string part = volume + kCopying;
  const std::string whole = volume + kCopied;
  fs::remove_all(part);
  if (fs::exists(whole)) return move_content(whole, volume);
  if (!is_empty(volume)) return;
  if (::mkdir(part.c_str(), 0700) != 0) throw_system_error("make", part, errno);
  const Fd copy(::open(part.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!copy) throw_system_error("open", part, errno);
  copy_tree(image.get(), copy.get());
  if (::rename(part.c_str(), whole.c_str()) != 0) throw_system_error("fill volume", volume, errno);
  move_content(whole, volume);
}

std::string volume_folder(const Mount& mount, const std::map<std::string, std::string>& volumes) {
  const auto found = volumes.find(mount.source);
  if (found == volumes.end()) throw Error("volume '" + mount.source + "' of '" + mount.target + "' does not exist");
  std::error_code error;
  fs::create_directories(found->second, error);
  if (error) throw Error("cannot create volume '" + mount.source + "': " + error.message());
  return found->second;
}

/// A folder or file of a volume, resolved inside it and mounted to `place`. What is found is what is mounted: a link
/// that a container swaps in afterwards leads nowhere.
void mount_part(const Mount& mount, const std::string& volume, const std::string& place) {
  const std::string what = "folder '" + mount.volume_subpath + "' of volume '" + mount.source + "'";
  const Fd part = Root(volume).open(mount.volume_subpath, O_PATH);
  if (!part) throw Error("cannot mount " + what + ": " + system_error_text(errno));
  struct stat info{};
  if (::fstat(part.get(), &info) != 0) throw_system_error("mount", what, errno);
  const int made = S_ISDIR(info.st_mode) ? ::mkdir(place.c_str(), 0700) : ::mknod(place.c_str(), S_IFREG | 0600, 0);
  if (made != 0) throw_system_error("make", place, errno);
  const std::string by_descriptor = "/proc/self/fd/" + std::to_string(part.get());
  if (::mount(by_descriptor.c_str(), place.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0)
    throw Error("cannot mount " + what + ": " + system_error_text(errno));
}

enum class FirstStart { No, Yes };

OciMount prepare_volume(const Mount& mount, const std::string& volume, const std::string& place, const Root& root,
                        FirstStart first, const HostFacts& host) {
  if (!mount.volume_subpath.empty()) {
    mount_part(mount, volume, place);
    return bind(mount, place, host);
  }
  if (mount.copy_up && first == FirstStart::Yes) fill(mount, volume, root);
  return bind(mount, volume, host);
}

OciMount prepare_mount(const Mount& mount, const std::map<std::string, std::string>& volumes, const std::string& place,
                       const Root& root, FirstStart first, const HostFacts& host) {
  switch (mount.kind) {
    case Mount::Kind::Bind:
      return prepare_bind(mount, host);
    case Mount::Kind::Volume:
      return prepare_volume(mount, volume_folder(mount, volumes), place, root, first, host);
    case Mount::Kind::Tmpfs:
      return prepare_tmpfs(mount);
  }
  throw Error("unknown kind of mount at '" + mount.target + "'");
}

}  // namespace

std::vector<OciMount> prepare_mounts(const engine::ContainerSpec& spec,
                                     const std::map<std::string, std::string>& volumes, const Root& root,
                                     const std::string& marker, const std::string& bundle_dir, const HostFacts& host) {
  const bool fills = std::any_of(spec.mounts.begin(), spec.mounts.end(),
                                 [](const Mount& m) { return m.kind == Mount::Kind::Volume && m.copy_up; });
  const FirstStart first = !fills || fs::exists(marker) ? FirstStart::No : FirstStart::Yes;
  std::vector<OciMount> out;
  for (const Mount& mount : spec.mounts) {
    const std::string place = bundle_dir + "/part-" + std::to_string(out.size());
    const auto prepare = [&] { return prepare_mount(mount, volumes, place, root, first, host); };
    out.push_back(concerning("volumes", mount.target, prepare));
  }
  const auto depth = [](const OciMount& m) { return std::count(m.target.begin(), m.target.end(), '/'); };
  std::stable_sort(out.begin(), out.end(), [&](const OciMount& a, const OciMount& b) { return depth(a) < depth(b); });
  if (first == FirstStart::Yes) {
    const Fd made(::open(marker.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    if (!made) throw_system_error("write", marker, errno);
  }
  return out;
}

}  // namespace davit::container
