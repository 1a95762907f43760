// config.json, `mounts`: the standard ones (moby daemon/pkg/oci/defaults.go), then what was prepared.

#include <algorithm>

#include "container/oci_parts.hpp"

namespace davit::container {

namespace json = boost::json;

namespace {

json::object to_json(const OciMount& mount) {
  json::array options;
  for (const std::string& option : mount.options) options.emplace_back(option);
  return {
      {"destination", mount.target}, {"type", mount.type}, {"source", mount.source}, {"options", std::move(options)}};
}

/// /dev/shm: our own, the host's, or that which comes with an IPC namespace.
OciMount shm_mount(const engine::ContainerSpec& spec, const OciInputs& inputs) {
  if (spec.ipc_mode == "host") return {"/dev/shm", "bind", "/dev/shm", {"rbind", "rprivate"}};
  if (!inputs.shm_dir.empty())
    return {"/dev/shm", "bind", inputs.shm_dir, {"bind", "rprivate", "nosuid", "noexec", "nodev"}};
  const std::string size = "size=" + std::to_string(shm_size(spec));
  return {"/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", size}};
}

std::vector<OciMount> standard_mounts(const engine::ContainerSpec& spec, const OciInputs& inputs,
                                      const SecurityOptions& security) {
  const std::string sys_access = spec.privileged ? "rw" : "ro";
  const std::string cgroup_access = spec.privileged || security.writable_cgroups ? "rw" : "ro";
  std::vector<OciMount> out{
      {"/proc", "proc", "proc", {"nosuid", "noexec", "nodev"}},
      {"/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}},
      {"/dev/pts", "devpts", "devpts", {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}},
      {"/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", sys_access}},
      {"/sys/fs/cgroup", "cgroup", "cgroup", {cgroup_access, "nosuid", "noexec", "nodev"}},
      {"/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}}};
  if (spec.ipc_mode != "none") out.push_back(shm_mount(spec, inputs));
  return out;
}

}  // namespace

std::int64_t shm_size(const engine::ContainerSpec& spec) {
  constexpr std::int64_t kDefault = std::int64_t{64} << 20U;  // Docker's
  return spec.shm_size.value_or(kDefault);
}

json::array mounts_part(const engine::ContainerSpec& spec, const OciInputs& inputs, const SecurityOptions& security) {
  json::array out;
  for (const OciMount& mount : standard_mounts(spec, inputs, security)) {
    // A mount of the user on the same place takes its part.
    const bool replaced = std::any_of(inputs.mounts.begin(), inputs.mounts.end(),
                                      [&](const OciMount& m) { return m.target == mount.target; });
    if (!replaced) out.push_back(to_json(mount));
  }
  for (const OciMount& mount : inputs.mounts) out.push_back(to_json(mount));
  return out;
}

}  // namespace davit::container
