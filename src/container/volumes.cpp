#include "container/volumes.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>

#include "container/copy_tree.hpp"
#include "davit/base/error.hpp"

namespace davit::container {
namespace {

namespace fs = std::filesystem;
using engine::Mount;

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

/// Docker's copyExistingContents: a folder of the image fills an empty volume; the volume root takes its owner and
/// mode.
void fill(const Mount& mount, const std::string& volume, const Root& root) {
  const Fd image = root.open(mount.target, O_RDONLY | O_DIRECTORY);
  if (!image && errno == ENOTDIR)
    throw Error("cannot mount volume '" + mount.source + "' over the file '" + mount.target + "' of the image");
  if (!image) return;  // nothing there: an empty volume, 0755 root
  const Fd target(::open(volume.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!target) throw_system_error("open volume", volume, errno);
  // Several containers may start on the same new volume, also of different projects: one fills it, the others wait.
  while (::flock(target.get(), LOCK_EX) != 0)
    if (errno != EINTR) throw_system_error("lock volume", volume, errno);
  if (is_empty(volume)) copy_tree(image.get(), target.get());
}

std::string volume_folder(const Mount& mount, const std::map<std::string, std::string>& volumes) {
  const auto found = volumes.find(mount.source);
  if (found == volumes.end()) throw Error("volume '" + mount.source + "' of '" + mount.target + "' does not exist");
  std::error_code error;
  fs::create_directories(found->second, error);
  if (error) throw Error("cannot create volume '" + mount.source + "': " + error.message());
  return found->second;
}

/// A folder of a volume, resolved inside it. The descriptor's path names it without links.
std::string subfolder(const Mount& mount, const std::string& volume) {
  const Root inside(volume);
  const Fd folder = inside.open(mount.volume_subpath, O_PATH);
  if (!folder)
    throw Error("cannot mount folder '" + mount.volume_subpath + "' of volume '" + mount.source +
                "': " + system_error_text(errno));
  std::error_code error;
  const fs::path real = fs::read_symlink("/proc/self/fd/" + std::to_string(folder.get()), error);
  if (error)
    throw Error("cannot mount folder '" + mount.volume_subpath + "' of volume '" + mount.source +
                "': " + error.message());
  return real.string();
}

enum class FirstStart { No, Yes };

OciMount prepare_volume(const Mount& mount, const std::map<std::string, std::string>& volumes, const Root& root,
                        FirstStart first, const HostFacts& host) {
  const std::string volume = volume_folder(mount, volumes);
  if (!mount.volume_subpath.empty()) return bind(mount, subfolder(mount, volume), host);
  if (mount.copy_up && first == FirstStart::Yes) fill(mount, volume, root);
  return bind(mount, volume, host);
}

}  // namespace

std::vector<OciMount> prepare_mounts(const engine::ContainerSpec& spec,
                                     const std::map<std::string, std::string>& volumes, const Root& root,
                                     const std::string& marker, const HostFacts& host) {
  const bool fills = std::any_of(spec.mounts.begin(), spec.mounts.end(),
                                 [](const Mount& m) { return m.kind == Mount::Kind::Volume && m.copy_up; });
  const FirstStart first = !fills || fs::exists(marker) ? FirstStart::No : FirstStart::Yes;
  std::vector<OciMount> out;
  for (const Mount& mount : spec.mounts) {
    switch (mount.kind) {
      case Mount::Kind::Bind:
        out.push_back(prepare_bind(mount, host));
        break;
      case Mount::Kind::Volume:
        out.push_back(prepare_volume(mount, volumes, root, first, host));
        break;
      case Mount::Kind::Tmpfs:
        out.push_back(prepare_tmpfs(mount));
        break;
    }
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
