// config.json, `linux`: namespaces, masked paths, devices, kernel settings, limits.

#include <boost/json/parse.hpp>

#include "container/oci_parts.hpp"
#include "davit/base/error.hpp"

namespace davit::container {

namespace json = boost::json;

namespace {

// moby daemon/pkg/oci/defaults.go
constexpr const char* kMaskedPaths[] = {"/proc/acpi",
                                        "/proc/asound",
                                        "/proc/interrupts",
                                        "/proc/kcore",
                                        "/proc/keys",
                                        "/proc/latency_stats",
                                        "/proc/sched_debug",
                                        "/proc/scsi",
                                        "/proc/timer_list",
                                        "/proc/timer_stats",
                                        "/sys/devices/virtual/powercap",
                                        "/sys/firmware"};
constexpr const char* kReadOnlyPaths[] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};

json::object namespace_entry(const char* type, const std::string& path) {
  json::object out{{"type", type}};
  if (!path.empty()) out["path"] = path;
  return out;
}

json::array namespaces(const engine::ContainerSpec& spec, const OciInputs& inputs) {
  json::array out;
  out.push_back(namespace_entry("mount", ""));
  if (spec.network_mode != "host") out.push_back(namespace_entry("network", inputs.netns_path));
  if (spec.uts_mode != "host") out.push_back(namespace_entry("uts", ""));
  if (spec.pid_mode != "host") out.push_back(namespace_entry("pid", inputs.pidns_path));
  if (spec.ipc_mode != "host") out.push_back(namespace_entry("ipc", inputs.ipcns_path));
  // On v1 Docker leaves the host's: the container then sees its place by /proc/self/cgroup.
  if (inputs.host.cgroups == CgroupMode::Unified) out.push_back(namespace_entry("cgroup", ""));
  return out;
}

json::object sysctls(const engine::ContainerSpec& spec) {
  json::object out;
  if (has_own_network(spec)) {
    out["net.ipv4.ip_unprivileged_port_start"] = "0";
    out["net.ipv4.ping_group_range"] = "0 2147483647";
  }
  if (!spec.domainname.empty() && spec.uts_mode != "host") out["kernel.domainname"] = spec.domainname;
  for (const auto& [name, value] : spec.sysctls) {
    if (name.starts_with("net.") && spec.network_mode == "host")
      throw Error("sysctl '" + name + "' cannot be set in the network of the host (network_mode: host)")
          .about("sysctls", name);
    out[name] = value;
  }
  return out;
}

json::array devices(const std::vector<OciDevice>& list) {
  json::array out;
  for (const OciDevice& device : list)
    out.push_back(json::object{{"path", device.path},
                               {"type", std::string(1, device.type)},
                               {"major", device.major},
                               {"minor", device.minor},
                               {"fileMode", device.mode},
                               {"uid", device.uid},
                               {"gid", device.gid}});
  return out;
}

/// A bind with slave or shared propagation: mounts made on the host later appear in the container.
bool takes_host_mounts(const std::vector<OciMount>& mounts) {
  for (const OciMount& mount : mounts)
    for (const std::string& option : mount.options)
      if (option == "slave" || option == "rslave" || option == "shared" || option == "rshared") return true;
  return false;
}

void set_paths(json::object& out, const HostFacts& host) {
  json::array masked;
  for (const char* path : kMaskedPaths) masked.emplace_back(path);
  for (const std::string& path : host.thermal_throttle) masked.emplace_back(path);
  json::array read_only;
  for (const char* path : kReadOnlyPaths) read_only.emplace_back(path);
  out["maskedPaths"] = std::move(masked);
  out["readonlyPaths"] = std::move(read_only);
}

}  // namespace

bool has_own_network(const engine::ContainerSpec& spec) {
  return spec.network_mode != "host" && !spec.network_mode.starts_with("container:");
}

json::object linux_part(const engine::ContainerSpec& spec, const OciInputs& inputs, const SecurityOptions& security) {
  json::object out;
  out["namespaces"] = namespaces(spec, inputs);
  out["cgroupsPath"] = inputs.cgroups_path;
  out["resources"] = resources_part(spec, inputs);
  if (json::object settings = sysctls(spec); !settings.empty()) out["sysctl"] = std::move(settings);
  if (!inputs.devices.empty()) out["devices"] = devices(inputs.devices);
  if (!spec.privileged && !security.system_paths_unconfined) set_paths(out, inputs.host);
  if (takes_host_mounts(inputs.mounts)) out["rootfsPropagation"] = "slave";
  if (inputs.seccomp.form == SeccompSetting::Form::Json) out["seccomp"] = json::parse(inputs.seccomp.text);
  return out;
}

}  // namespace davit::container
