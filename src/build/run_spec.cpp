#include "build/run_spec.hpp"

#include <algorithm>
#include <boost/json.hpp>

namespace davit::build {
namespace {

namespace json = boost::json;

json::array strings(const std::vector<std::string>& words) {
  json::array out;
  for (const std::string& word : words) out.emplace_back(word);
  return out;
}

// moby daemon/pkg/oci/caps/defaults.go.
const std::vector<std::string>& capabilities() {
  static const std::vector<std::string> names{
      "CAP_CHOWN",   "CAP_DAC_OVERRIDE", "CAP_FSETID",           "CAP_FOWNER",
      "CAP_MKNOD",   "CAP_NET_RAW",      "CAP_SETGID",           "CAP_SETUID",
      "CAP_SETFCAP", "CAP_SETPCAP",      "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT",
      "CAP_KILL",    "CAP_AUDIT_WRITE"};
  return names;
}

json::object mount(const std::string& target, const std::string& type, const std::string& source,
                   const std::vector<std::string>& options) {
  return {{"destination", target}, {"type", type}, {"source", source}, {"options", strings(options)}};
}

json::array mounts(const SpecInput& input) {
  json::array out{
      mount("/proc", "proc", "proc", {"nosuid", "noexec", "nodev"}),
      mount("/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}),
      mount("/dev/pts", "devpts", "devpts", {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}),
      mount("/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}),
      mount("/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}),
      mount("/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"})};
  for (const SpecMount& m : input.mounts) out.push_back(mount(m.target, m.type, m.source, m.options));
  return out;
}

json::object process(const RunStep& step, const SpecInput& input) {
  json::array groups{input.user.gid};  // as Docker: the primary group is in the list too
  for (const std::uint32_t group : input.user.groups) groups.emplace_back(group);
  const json::array caps = strings(capabilities());
  return {{"terminal", false},
          {"user", {{"uid", input.user.uid}, {"gid", input.user.gid}, {"additionalGids", std::move(groups)}}},
          {"args", strings(step.args)},
          {"env", strings(run_environment(step, input))},
          {"cwd", step.working_dir},
          {"capabilities", {{"bounding", caps}, {"effective", caps}, {"permitted", caps}}},
          {"noNewPrivileges", false}};
}

json::object device_rule(bool allow, std::optional<std::pair<int, int>> device) {
  json::object rule{{"allow", allow}, {"access", "rwm"}};
  if (device) {
    rule["type"] = "c";
    rule["major"] = device->first;
    rule["minor"] = device->second;
  }
  return rule;
}

json::object linux_part(const RunStep& step, const SpecInput& input) {
  json::array namespaces;
  for (const char* name : {"pid", "ipc", "uts", "mount"}) namespaces.push_back(json::object{{"type", name}});
  if (step.network == dockerfile::Run::Network::None) namespaces.push_back(json::object{{"type", "network"}});
  json::array devices{device_rule(false, std::nullopt)};
  for (const auto& [major, minor] : {std::pair{1, 3}, {1, 5}, {1, 7}, {1, 8}, {1, 9}, {5, 0}, {5, 1}, {5, 2}})
    devices.push_back(device_rule(true, std::pair{major, minor}));
  return {{"namespaces", std::move(namespaces)},
          {"cgroupsPath", input.cgroup},
          {"resources", {{"devices", std::move(devices)}}},
          {"maskedPaths", strings({"/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys",
                                   "/proc/latency_stats", "/proc/sched_debug", "/proc/scsi", "/proc/timer_list",
                                   "/proc/timer_stats", "/sys/devices/virtual/powercap", "/sys/firmware"})},
          {"readonlyPaths", strings({"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"})}};
}

}  // namespace

std::vector<std::string> run_environment(const RunStep& step, const SpecInput& input) {
  std::vector<std::string> env = step.env;
  env.insert(env.end(), input.secret_env.begin(), input.secret_env.end());
  const bool has_home =
      std::any_of(env.begin(), env.end(), [](const std::string& v) { return v.starts_with("HOME="); });
  if (!has_home) env.push_back("HOME=" + input.user.home);
  return env;
}

std::string run_spec(const RunStep& step, const SpecInput& input) {
  const json::object spec{{"ociVersion", "1.0.2"},
                          {"process", process(step, input)},
                          {"root", {{"path", input.root}, {"readonly", false}}},
                          {"hostname", kBuildHostname},
                          {"mounts", mounts(input)},
                          {"linux", linux_part(step, input)}};
  return json::serialize(spec);
}

}  // namespace davit::build
