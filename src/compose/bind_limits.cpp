// What a service may use, and how it is kept apart.

#include "bind_parts.hpp"

namespace davit::compose::bind {
namespace {

using yaml::Entry;
using yaml::Node;

model::Resources resources(const Node& node) {
  return {number(node, "cpus"), nonzero(node, "memory"), nonzero(node, "pids"), device_requests(at(node, "devices"))};
}

}  // namespace

std::vector<model::DeviceRequest> device_requests(const Node& list) {
  std::vector<model::DeviceRequest> requests;
  for (const Node& item : list.items)
    requests.push_back({item.span, texts(at(item, "capabilities")), text(item, "driver"), integer(item, "count"),
                        texts(at(item, "device_ids")), pairs(at(item, "options"))});
  return requests;
}

std::map<std::string, model::Ulimit> ulimits(const Node& map) {
  std::map<std::string, model::Ulimit> result;
  for (const Entry& entry : map.entries) {
    const std::int64_t single = integer_of(entry.value).value_or(0);
    result[entry.key] = entry.value.is_map() ? model::Ulimit{integer(entry.value, "soft").value_or(0),
                                                             integer(entry.value, "hard").value_or(0)}
                                             : model::Ulimit{single, single};
  }
  return result;
}

model::Deploy deploy(const Node& node) {
  model::Deploy bound;
  bound.where = node.span;
  bound.mode = text(node, "mode");
  bound.replicas = integer(node, "replicas");
  bound.labels = pairs(at(node, "labels"));
  bound.limits = resources(at(at(node, "resources"), "limits"));
  bound.reservations = resources(at(at(node, "resources"), "reservations"));
  if (const Node* restart = node.find("restart_policy"))
    bound.restart_policy = model::DeployRestart{text(*restart, "condition"), duration(*restart, "delay"),
                                                count(*restart, "max_attempts"), duration(*restart, "window")};
  const auto update = [&](const char* key) -> std::optional<model::UpdatePolicy> {
    const Node* found = node.find(key);
    if (found == nullptr) return std::nullopt;
    model::UpdatePolicy policy;
    policy.parallelism = count(*found, "parallelism");
    policy.delay = duration(*found, "delay");
    policy.failure_action = text(*found, "failure_action");
    policy.monitor = duration(*found, "monitor");
    policy.max_failure_ratio = number(*found, "max_failure_ratio").value_or(0);
    policy.order = text(*found, "order");
    return policy;
  };
  bound.update_config = update("update_config");
  bound.rollback_config = update("rollback_config");
  bound.endpoint_mode = text(node, "endpoint_mode");
  return bound;
}

void limits(const Node& node, model::Service& service) {
  const model::Deploy none;
  const model::Deploy& deploy = service.deploy ? *service.deploy : none;
  const auto either = [](auto own, auto other) { return own ? own : other; };
  service.cpus = either(number(node, "cpus"), deploy.limits.cpus);
  service.mem_limit = either(nonzero(node, "mem_limit"), deploy.limits.memory);
  service.mem_reservation = either(nonzero(node, "mem_reservation"), deploy.reservations.memory);
  service.pids_limit = either(nonzero(node, "pids_limit"), deploy.limits.pids);
  service.memswap_limit = nonzero(node, "memswap_limit");
  service.mem_swappiness = integer(node, "mem_swappiness");
  service.cpu_shares = nonzero(node, "cpu_shares");
  service.cpu_quota = nonzero(node, "cpu_quota");
  service.cpu_period = nonzero(node, "cpu_period");
  service.cpu_rt_period = nonzero(node, "cpu_rt_period");
  service.cpu_rt_runtime = nonzero(node, "cpu_rt_runtime");
  service.cpuset = text(node, "cpuset");
  service.ulimits = ulimits(at(node, "ulimits"));
  service.oom_kill_disable = flag(node, "oom_kill_disable");
  service.oom_score_adj = integer(node, "oom_score_adj");
  if (const auto weight = nonzero(at(node, "blkio_config"), "weight"))
    service.blkio_weight = static_cast<std::uint16_t>(*weight);
}

void isolation(const Node& node, model::Service& service) {
  service.privileged = flag(node, "privileged");
  service.cap_add = texts(at(node, "cap_add"));
  service.cap_drop = texts(at(node, "cap_drop"));
  service.security_opt = texts(at(node, "security_opt"));
  service.group_add = texts(at(node, "group_add"));
  service.sysctls = pairs(at(node, "sysctls"));
  service.pid = text(node, "pid");
  service.ipc = text(node, "ipc");
  service.uts = text(node, "uts");
  service.userns_mode = text(node, "userns_mode");
  service.cgroup = text(node, "cgroup");
  service.cgroup_parent = text(node, "cgroup_parent");
}

}  // namespace davit::compose::bind
