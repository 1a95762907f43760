#include "container/devices.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <optional>

#include "davit/base/error.hpp"

namespace davit::container {
namespace {

namespace fs = std::filesystem;

std::optional<OciDevice> node(const std::string& source, const std::string& target, const std::string& permissions) {
  struct stat info{};
  if (::stat(source.c_str(), &info) != 0 || (!S_ISCHR(info.st_mode) && !S_ISBLK(info.st_mode))) return std::nullopt;
  return OciDevice{.path = target,
                   .type = S_ISBLK(info.st_mode) ? 'b' : 'c',
                   .major = static_cast<std::int64_t>(major(info.st_rdev)),
                   .minor = static_cast<std::int64_t>(minor(info.st_rdev)),
                   .mode = info.st_mode & 0777,
                   .uid = info.st_uid,
                   .gid = info.st_gid,
                   .permissions = permissions};
}

/// Folders and nodes in /dev that a container has of its own.
bool is_container_own(const fs::path& path) {
  constexpr std::array kOwn{"/dev/pts", "/dev/shm",  "/dev/mqueue", "/dev/fd",   "/dev/console", "/dev/ptmx",
                            "/dev/tty", "/dev/null", "/dev/zero",   "/dev/full", "/dev/random",  "/dev/urandom"};
  for (const char* own : kOwn)
    if (path == own) return true;
  return false;
}

void add_folder(const fs::path& folder, const fs::path& target, const std::string& permissions,
                std::vector<OciDevice>& out) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const fs::path& path = entry->path();
    std::error_code ignored;
    if (is_container_own(path) || entry->is_symlink(ignored)) continue;
    if (entry->is_directory(ignored))
      add_folder(path, target / path.filename(), permissions, out);
    else if (auto found = node(path.string(), (target / path.filename()).string(), permissions))
      out.push_back(std::move(*found));
  }
}

}  // namespace

std::vector<OciDevice> resolve_devices(const engine::ContainerSpec& spec) {
  std::vector<OciDevice> out;
  if (spec.privileged) add_folder("/dev", "/dev", "rwm", out);
  for (const engine::Device& device : spec.devices) {
    const std::string target = device.target.empty() ? device.source : device.target;
    const std::string permissions = device.permissions.empty() ? "rwm" : device.permissions;
    std::error_code error;
    if (fs::is_directory(device.source, error)) {
      add_folder(device.source, target, permissions, out);
      continue;
    }
    auto found = node(device.source, target, permissions);
    if (!found)
      throw Error(
          Diagnostic::error("no-device", "cannot give device '" + device.source + "' to the container: " +
                                             (fs::exists(device.source, error) ? "not a device" : "it does not exist"))
              .about("devices", device.source));
    out.push_back(std::move(*found));
  }
  return out;
}

}  // namespace davit::container
