// What davit cannot do yet is refused here, with its place: nothing of a file is ignored.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "davit/base/signal_names.hpp"
#include "davit/engine/device_rule.hpp"
#include "davit/plan/make_spec.hpp"
#include "refusals.hpp"

namespace davit::plan {
namespace {

using model::Service;

struct Attribute {
  const char* name;
  bool (*set)(const Service&);
};

// Attributes with a field in the model and none in the engine's container description.
constexpr Attribute kAttributes[] = {
    {"provider", [](const Service& s) { return s.provider.has_value(); }},
    {"pre_start", [](const Service& s) { return !s.pre_start.empty(); }},
    {"external_links", [](const Service& s) { return !s.external_links.empty(); }},
    {"gpus", [](const Service& s) { return !s.gpus.empty(); }},
    {"storage_opt", [](const Service& s) { return !s.storage_opt.empty(); }},
    {"cpu_rt_period", [](const Service& s) { return s.cpu_rt_period.has_value(); }},
    {"cpu_rt_runtime", [](const Service& s) { return s.cpu_rt_runtime.has_value(); }},
    {"blkio_config", [](const Service& s) { return s.blkio_weight.has_value(); }},
    {"cgroup", [](const Service& s) { return !s.cgroup.empty(); }},
    // Containers are found by their place below the project's own group, also when nothing else tells of them.
    {"cgroup_parent", [](const Service& s) { return !s.cgroup_parent.empty(); }},
};

template <std::size_t N>
bool one_of(std::string_view text, const std::array<std::string_view, N>& allowed) {
  return std::find(allowed.begin(), allowed.end(), text) != allowed.end();
}

bool is_service_reference(std::string_view mode) {
  return mode.starts_with("service:");
}

void check_namespaces(const Service& s, Refusals& out) {
  constexpr std::array<std::string_view, 3> kNetwork{"", "none", "host"};
  constexpr std::array<std::string_view, 2> kPid{"", "host"};
  constexpr std::array<std::string_view, 5> kIpc{"", "host", "private", "shareable", "none"};
  constexpr std::array<std::string_view, 2> kHostOrDefault{"", "host"};
  if (!one_of(s.network_mode, kNetwork) && !is_service_reference(s.network_mode))
    out.value("network_mode", s.network_mode, s.where.of("network_mode"));
  if (!one_of(s.pid, kPid) && !is_service_reference(s.pid)) out.value("pid", s.pid, s.where.of("pid"));
  if (!one_of(s.ipc, kIpc) && !is_service_reference(s.ipc)) out.value("ipc", s.ipc, s.where.of("ipc"));
  if (!one_of(s.uts, kHostOrDefault)) out.value("uts", s.uts, s.where.of("uts"));
  // Without user namespaces "host" is what every container has.
  if (!one_of(s.userns_mode, kHostOrDefault)) out.value("userns_mode", s.userns_mode, s.where.of("userns_mode"));
}

/// A container that joins the network of another one has the names, ports and name servers of that one.
void check_joined_network(const Service& s, Refusals& out) {
  if (!is_service_reference(s.network_mode)) return;
  if (!s.hostname.empty()) out.conflict("hostname and the network mode", s.where.of("hostname"));
  if (!s.dns.empty()) out.conflict("dns and the network mode", s.where.of("dns"));
  if (!s.extra_hosts.empty()) out.conflict("custom host-to-IP mapping and the network mode", s.where.of("extra_hosts"));
  if (!s.ports.empty()) out.conflict("port publishing and the container type network mode", s.where.of("ports"));
  if (!s.expose.empty()) out.conflict("port exposing and the container type network mode", s.where.of("expose"));
  if (!s.links.empty()) out.conflict("links and the container type network mode", s.where.of("links"));
}

void check_deploy(const Service& s, Refusals& out) {
  if (!s.deploy) return;
  const model::Deploy& d = *s.deploy;
  const Span& where = d.where.known() ? d.where : s.where.of("deploy");
  const auto place = [&s, &where](const char* key) -> const Span& {
    const auto found = s.where.attributes.find(key);
    return found == s.where.attributes.end() ? where : found->second;
  };
  if (!d.mode.empty() && d.mode != "replicated") out.value("deploy.mode", d.mode, place("deploy.mode"));
  if (d.update_config.has_value()) out.key("deploy.update_config", place("deploy.update_config"));
  if (d.rollback_config.has_value()) out.key("deploy.rollback_config", place("deploy.rollback_config"));
  if (!d.endpoint_mode.empty()) out.key("deploy.endpoint_mode", place("deploy.endpoint_mode"));
  if (d.reservations.cpus.has_value()) out.key("deploy.resources.reservations.cpus", place("deploy.resources"));
  if (d.reservations.pids.has_value()) out.key("deploy.resources.reservations.pids", place("deploy.resources"));
  if (!d.reservations.devices.empty()) out.key("deploy.resources.reservations.devices", place("deploy.resources"));
  if (!d.restart_policy) return;
  if (d.restart_policy->delay.has_value()) out.key("deploy.restart_policy.delay", place("deploy.restart_policy"));
  if (d.restart_policy->window.has_value()) out.key("deploy.restart_policy.window", place("deploy.restart_policy"));
}

void check_mounts(const Service& s, Refusals& out) {
  for (const model::Mount& m : s.volumes) {
    if (m.type == model::MountType::Image) out.value("volumes.type", "image", m.where);
    if (m.type == model::MountType::Cluster) out.value("volumes.type", "cluster", m.where);
    if (m.type == model::MountType::NamedPipe) out.value("volumes.type", "npipe", m.where);
    if (!m.recursive.empty() && m.recursive != "enabled") out.key("volumes.bind.recursive", m.where);
    if (!m.labels.empty()) out.key("volumes.volume.labels", m.where);
  }
  for (const std::string& rule : s.device_cgroup_rules)
    if (!engine::parse_device_rule(rule)) out.device_rule(rule, s.where.of("device_cgroup_rules"));
  if (!s.stop_signal.empty() && !parse_signal(s.stop_signal)) out.stop_signal(s.stop_signal, s.where.of("stop_signal"));
  for (const model::Device& d : s.devices)
    if (!d.source.starts_with('/')) out.value("devices", d.source, d.where, "only paths below '/dev' can be given");
}

void check_network(const model::Project& project, const Service& s, Refusals& out) {
  for (const model::Port& p : s.ports)
    if (p.protocol != "tcp" && p.protocol != "udp") out.value("ports.protocol", p.protocol, p.where);
  for (const auto& [key, attachment] : s.networks) {
    if (!attachment.link_local_ips.empty()) out.key("networks.link_local_ips", attachment.where);
    if (!attachment.driver_opts.empty()) out.key("networks.driver_opts", attachment.where);
    if (!project.networks.contains(key)) out.add(fmt::format("the undeclared network '{}' of", key), attachment.where);
  }
}

void check_grants(const std::vector<model::FileGrant>& grants, const std::map<std::string, model::FileObject>& objects,
                  std::string_view kind, Refusals& out) {
  for (const model::FileGrant& grant : grants) {
    const auto found = objects.find(grant.source);
    if (found == objects.end()) continue;  // the loader has said so
    const model::FileObject& object = found->second;
    const std::string what = fmt::format("{} '{}'", kind, grant.source);
    if (object.external) out.add("the external " + what + " of", grant.where, "use 'file' or 'environment'");
    if (!object.driver.empty()) out.add("the driver of " + what + " of", grant.where);
    if (!object.template_driver.empty()) out.add("'template_driver' of " + what + " of", grant.where);
  }
}

void check_logging(const Service& s, Refusals& out) {
  if (!s.logging) return;
  constexpr std::array<std::string_view, 4> kDrivers{"", "json-file", "local", "none"};
  constexpr std::array<std::string_view, 2> kOptions{"max-size", "max-file"};
  if (!one_of(s.logging->driver, kDrivers))
    out.value("logging.driver", s.logging->driver, s.logging->where, "use 'json-file', 'local' or 'none'");
  for (const auto& [name, value] : s.logging->options)
    if (!one_of(name, kOptions)) out.key("logging.options." + name, s.logging->where);
}

void check_security(const Service& s, Refusals& out) {
  for (const std::string& option : s.security_opt) {
    const std::string_view text = option;
    const bool known = text.starts_with("no-new-privileges") || text.starts_with("seccomp=") ||
                       text.starts_with("seccomp:") || text == "apparmor=unconfined" || text == "apparmor:unconfined" ||
                       text == "label=disable" || text == "label:disable" || text == "systempaths=unconfined";
    if (!known) out.value("security_opt", option, s.where.of("security_opt"));
  }
}

}  // namespace

Diagnostics check_supported(const model::Project& project, const Service& service) {
  Refusals out(fmt::format("service '{}'", service.name));
  for (const Attribute& attribute : kAttributes)
    if (attribute.set(service)) out.key(attribute.name, service.where.of(attribute.name));
  for (const auto& [name, where] : service.others) out.key(name, where);
  check_namespaces(service, out);
  check_joined_network(service, out);
  if (service.restart.mistake)
    out.restart(service.deploy && service.deploy->restart_policy ? "deploy.restart_policy.condition" : "restart",
                *service.restart.mistake);
  check_deploy(service, out);
  check_mounts(service, out);
  check_network(project, service, out);
  check_grants(service.secrets, project.secrets, "secret", out);
  check_grants(service.configs, project.configs, "config", out);
  check_logging(service, out);
  check_security(service, out);
  check_values(service, out);
  return out.take();
}

Diagnostics check_supported(const model::Network& network) {
  Refusals out(fmt::format("network '{}'", network.key));
  if (network.external) return out.take();
  if (!network.driver.empty() && network.driver != "bridge" && network.driver != "default")
    out.value("driver", network.driver, network.where, "use 'bridge'");
  if (!network.driver_opts.empty()) out.key("driver_opts", network.where);
  if (!network.ipam_driver.empty() && network.ipam_driver != "default")
    out.value("ipam.driver", network.ipam_driver, network.where);
  if (!network.ipam_options.empty()) out.key("ipam.options", network.where);
  for (const model::IpamPool& pool : network.ipam_config)
    if (!pool.aux_addresses.empty()) out.key("ipam.config.aux_addresses", pool.where);
  if (network.enable_ipv4 == false) out.key("enable_ipv4: false", network.where);
  return out.take();
}

Diagnostics check_supported(const model::Volume& volume) {
  Refusals out(fmt::format("volume '{}'", volume.key));
  if (!engine::is_volume_name(volume.name))
    out.value("name", volume.name, volume.where,
              "allowed are letters, digits, '_', '.' and '-', the first a letter or digit");
  if (volume.external) return out.take();
  if (!volume.driver.empty() && volume.driver != "local") out.value("driver", volume.driver, volume.where);
  if (!volume.driver_opts.empty()) out.key("driver_opts", volume.where);
  return out.take();
}

}  // namespace davit::plan
