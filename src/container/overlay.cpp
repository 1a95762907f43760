#include "davit/container/overlay.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <thread>

#include "davit/base/error.hpp"
#include "davit/base/fd.hpp"

namespace davit::container {
namespace {

constexpr std::size_t kLargestOptions = 4095;  // mount(2) takes one page
constexpr std::size_t kLargestValue = 255;     // fsconfig(2), "strndup_user(_value, 256)"

using Option = std::pair<const char*, const char*>;
constexpr std::array<Option, 3> kPlainLayer{{{"index", "off"}, {"metacopy", "off"}, {"redirect_dir", "nofollow"}}};

/// The kernel's log of a file system context says which option it refused and why.
std::string context_message(int context) {
  std::array<char, 512> buffer{};
  std::string out;
  for (ssize_t got = 0; (got = ::read(context, buffer.data(), buffer.size())) > 0;)
    out += " (" + std::string(buffer.data(), static_cast<std::size_t>(got)) + ")";
  return out;
}

[[noreturn]] void overlay_error(const std::string& target, int error, const std::string& more = "") {
  throw Error("cannot mount overlay '" + target + "': " + system_error_text(error) + more);
}

bool set(int context, const char* key, const std::string& value) {
  return ::fsconfig(context, FSCONFIG_SET_STRING, key, value.c_str(), 0) == 0;
}

bool set_writable_part(int context, const Overlay& overlay) {
  if (overlay.upper.empty()) return true;
  if (overlay.sync == Overlay::Sync::Never) (void)::fsconfig(context, FSCONFIG_SET_FLAG, "volatile", nullptr, 0);
  return set(context, "upperdir", overlay.upper) && set(context, "workdir", overlay.work);
}

bool fits_a_context(const Overlay& overlay) {
  return overlay.upper.size() <= kLargestValue && overlay.work.size() <= kLargestValue &&
         std::all_of(overlay.lower.begin(), overlay.lower.end(),
                     [](const std::string& folder) { return folder.size() <= kLargestValue; });
}

/// One option a layer, which has no limit of length and no separator to escape. False if the kernel lacks "lowerdir+".
bool mount_by_context(const Overlay& overlay, const std::string& target) {
  const Fd context(::fsopen("overlay", FSOPEN_CLOEXEC));
  if (!context) {
    if (errno == ENOSYS) return false;
    throw_system_error("use", "overlayfs", errno);
  }
  for (const std::string& folder : overlay.lower)
    if (!set(context.get(), "lowerdir+", folder)) {
      if (errno == EINVAL) return false;
      overlay_error(target, errno, context_message(context.get()));
    }
  const bool options = set_writable_part(context.get(), overlay) &&
                       std::all_of(kPlainLayer.begin(), kPlainLayer.end(), [&](const Option& option) {
                         return set(context.get(), option.first, option.second);
                       });
  if (!options) overlay_error(target, errno, context_message(context.get()));
  if (::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) {
    const int error = errno;
    const std::string message = context_message(context.get());
    // Before 6.5 options are only gathered up to here, where one that is not known fails without a word.
    if (error == EINVAL && message.empty()) return false;
    overlay_error(target, error, message);
  }
  const Fd mounted(::fsmount(context.get(), FSMOUNT_CLOEXEC, 0));
  if (!mounted) overlay_error(target, errno, context_message(context.get()));
  if (::move_mount(mounted.get(), "", AT_FDCWD, target.c_str(), MOVE_MOUNT_F_EMPTY_PATH) != 0)
    overlay_error(target, errno);
  return true;
}

/// The kernel splits lowerdir at colons and options at commas, and takes a backslash as escape.
std::string escaped(const std::string& path) {
  std::string out;
  for (const char c : path) {
    if (c == ':' || c == '\\' || c == ',') out += '\\';
    out += c;
  }
  return out;
}

std::string options_of(const Overlay& overlay) {
  std::string out = "lowerdir=";
  for (std::size_t i = 0; i < overlay.lower.size(); ++i) out += (i > 0 ? ":" : "") + escaped(overlay.lower[i]);
  if (!overlay.upper.empty()) out += ",upperdir=" + escaped(overlay.upper) + ",workdir=" + escaped(overlay.work);
  for (const auto& [key, value] : kPlainLayer) out += "," + std::string(key) + "=" + value;
  if (!overlay.upper.empty() && overlay.sync == Overlay::Sync::Never) out += ",volatile";
  return out;
}

/// The part that all paths share, up to and with its last slash.
std::string common_folder(const std::vector<std::string>& paths) {
  std::string common = paths.front();
  for (const std::string& path : paths) {
    const auto [a, b] = std::mismatch(common.begin(), common.end(), path.begin(), path.end());
    common.erase(a, common.end());
  }
  return common.substr(0, common.rfind('/') + 1);
}

/// Mounts with layers relative to `folder`, in a thread with a working folder of its own, so that the program's does
/// not change. Returns an errno value.
int mount_in_folder(const std::string& folder, const std::string& target, const std::string& options) {
  int error = 0;
  std::thread([&] {
    if (::unshare(CLONE_FS) != 0 || ::chdir(folder.c_str()) != 0 ||
        ::mount("overlay", target.c_str(), "overlay", 0, options.c_str()) != 0)
      error = errno;
  }).join();
  return error;
}

/// Kernels without "lowerdir+": one string of at most a page. Paths relative to the folder that the layers share keep
/// long chains short enough for about 55 layers.
/// Returns an errno value.
int try_options(const Overlay& overlay, const std::string& target) {
  const std::string options = options_of(overlay);
  if (options.size() < kLargestOptions)
    return ::mount("overlay", target.c_str(), "overlay", 0, options.c_str()) == 0 ? 0 : errno;
  const std::string folder = common_folder(overlay.lower);
  Overlay relative = overlay;
  for (std::string& layer : relative.lower) layer.erase(0, folder.size());
  const std::string shorter = options_of(relative);
  if (shorter.size() >= kLargestOptions)
    throw Error(Diagnostic::error("too-many-layers", "cannot mount " + std::to_string(overlay.lower.size()) +
                                                         " layers: this kernel takes one page of mount options")
                    .with_hint("Linux 6.8 and later have no such limit"));
  return mount_in_folder(folder, target, shorter);
}

void mount_by_options(Overlay overlay, const std::string& target) {
  int error = try_options(overlay, target);
  if (error == EINVAL && overlay.sync == Overlay::Sync::Never) {
    overlay.sync = Overlay::Sync::AsAsked;
    error = try_options(overlay, target);
  }
  if (error != 0) overlay_error(target, error);
}

}  // namespace

void mount_overlay(const Overlay& overlay, const std::string& target) {
  if (!fits_a_context(overlay) || !mount_by_context(overlay, target)) mount_by_options(overlay, target);
}

}  // namespace davit::container
