#include "container/runtime_causes.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

namespace davit::container {
namespace {

/// What stands between the two, if both are there.
std::optional<std::string> between(const std::string& text, std::string_view before, std::string_view after) {
  const std::size_t found = text.find(before);
  if (found == std::string::npos) return std::nullopt;
  const std::size_t begin = found + before.size();
  const std::size_t end = text.find(after, begin);
  if (end == std::string::npos) return std::nullopt;
  return text.substr(begin, end - begin);
}

/// The last part of a message, which is the kernel's reason, as our own messages have it.
std::string reason_of(const std::string& text) {
  const std::size_t colon = text.rfind(": ");
  std::string reason = colon == std::string::npos ? text : text.substr(colon + 2);
  if (reason.size() > 1 && reason[0] >= 'A' && reason[0] <= 'Z' && reason[1] >= 'a')
    reason[0] = static_cast<char>(reason[0] - 'A' + 'a');
  return reason;
}

std::optional<RuntimeCause> mount_cause(const std::string& text) {
  std::optional<std::string> target;
  if (text.find("mount `") != std::string::npos)
    target = between(text, "` to `", "`");  // crun, without the first slash
  if (!target && text.find("error mounting \"") != std::string::npos) target = between(text, " to rootfs at \"", "\"");
  if (!target) return std::nullopt;
  if (!target->starts_with('/')) target->insert(0, "/");
  const std::string reason = reason_of(text);
  const char* const hint =
      reason == "not a directory" ? "a folder can be mounted on a folder only, and a file on a file only" : "";
  return RuntimeCause{"volumes", *target, "cannot mount at '" + *target + "' in the container: " + reason, hint};
}

/// "write to /proc/sys/kernel/msgmax: …", with or without quotes.
std::optional<std::string> sysctl_of_path(const std::string& text) {
  constexpr std::string_view kFolder = "/proc/sys/";
  const std::size_t found = text.find(kFolder);
  if (found == std::string::npos) return std::nullopt;
  const std::size_t begin = found + kFolder.size();
  std::string name = text.substr(begin, text.find_first_of(":`'\" ", begin) - begin);
  std::replace(name.begin(), name.end(), '/', '.');
  return name;
}

std::optional<RuntimeCause> sysctl_cause(const std::string& text) {
  std::optional<std::string> foreign;
  if (text.find("is not namespaced") != std::string::npos) foreign = between(text, "sysctl `", "`");
  if (text.find("is not in a separate kernel namespace") != std::string::npos)
    foreign = between(text, "sysctl \"", "\"");
  if (foreign)
    return RuntimeCause{"sysctls", *foreign,
                        "sysctl '" + *foreign + "' is of the whole host, and no container has its own",
                        "set it on the host; a container has its own net.*, kernel.msg*, kernel.sem, kernel.shm* and "
                        "fs.mqueue.*"};
  const auto name = sysctl_of_path(text);
  if (!name) return std::nullopt;
  return RuntimeCause{"sysctls", *name, "cannot set sysctl '" + *name + "': " + reason_of(text), ""};
}

/// getrlimit(2) on Linux.
std::optional<std::string> limit_of_number(const std::string& digits) {
  constexpr std::array kNames{"cpu",     "fsize", "data",  "stack",      "core",     "rss",  "nproc",  "nofile",
                              "memlock", "as",    "locks", "sigpending", "msgqueue", "nice", "rtprio", "rttime"};
  std::size_t number = kNames.size();
  (void)std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (number >= kNames.size()) return std::nullopt;
  return kNames[number];
}

std::optional<RuntimeCause> limit_cause(const std::string& text) {
  std::optional<std::string> name;
  if (const auto number = between(text, "error setting rlimit type ", ":")) name = limit_of_number(*number);
  if (const auto constant = between(text, "setrlimit `RLIMIT_", "`")) {
    name = *constant;
    for (char& c : *name)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (!name) return std::nullopt;
  const char* const hint = *name == "nofile" ? "the most that the kernel allows is in /proc/sys/fs/nr_open" : "";
  return RuntimeCause{"ulimits", *name, "cannot set ulimit '" + *name + "': " + reason_of(text), hint};
}

std::optional<RuntimeCause> folder_cause(const std::string& text) {
  auto folder = between(text, "chdir to cwd (\"", "\")");
  if (!folder) folder = between(text, "chdir `", "`");
  if (!folder) return std::nullopt;
  const std::string reason = reason_of(text);
  // Docker's codes: moby daemon/start.go, setExitCodeFromError.
  int code = 128;
  if (text.find("ermission denied") != std::string::npos) code = 126;
  if (text.find("o such file or directory") != std::string::npos || text.find("ot a directory") != std::string::npos)
    code = 127;
  return RuntimeCause{"working_dir", "", "cannot change to the folder '" + *folder + "' in the container: " + reason,
                      "", code};
}

/// Files of control groups, of both versions, and runc's own words.
std::optional<RuntimeCause> group_cause(const std::string& text) {
  constexpr std::array<std::pair<const char*, const char*>, 16> kFiles{{{"cpuset.cpus", "cpuset"},
                                                                        {"memory.swappiness", "mem_swappiness"},
                                                                        {"memory swappiness", "mem_swappiness"},
                                                                        {"memory.memsw.", "memswap_limit"},
                                                                        {"memory.swap.max", "memswap_limit"},
                                                                        {"memory.limit_in_bytes", "mem_limit"},
                                                                        {"memory.max", "mem_limit"},
                                                                        {"memory.soft_limit", "mem_reservation"},
                                                                        {"memory.low", "mem_reservation"},
                                                                        {"pids.max", "pids_limit"},
                                                                        {"cpu.shares", "cpu_shares"},
                                                                        {"cpu.weight", "cpu_shares"},
                                                                        {"cpu-shares", "cpu_shares"},
                                                                        {"cpu.cfs_quota", "cpu_quota"},
                                                                        {"cpu.cfs_period", "cpu_period"},
                                                                        {"cpu.max", "cpu_quota"}}};
  for (const auto& [file, attribute] : kFiles)
    if (text.find(file) != std::string::npos)
      return RuntimeCause{attribute, "", "cannot apply '" + std::string(attribute) + "': " + reason_of(text), ""};
  return std::nullopt;
}

std::optional<RuntimeCause> name_cause(const std::string& text) {
  if (text.find("sethostname") == std::string::npos) return std::nullopt;
  return RuntimeCause{"hostname", "", "cannot set the container's host name: " + reason_of(text), ""};
}

std::optional<RuntimeCause> device_cause(const std::string& text) {
  const auto path = between(text, "mknod `", "`");
  if (!path) return std::nullopt;
  return RuntimeCause{"devices", *path, "cannot make the device '" + *path + "' in the container: " + reason_of(text),
                      ""};
}

}  // namespace

std::optional<RuntimeCause> cause_of(const std::string& message) {
  for (const auto look : {mount_cause, sysctl_cause, limit_cause, folder_cause, group_cause, name_cause, device_cause})
    if (auto cause = look(message)) return cause;
  return std::nullopt;
}

}  // namespace davit::container
