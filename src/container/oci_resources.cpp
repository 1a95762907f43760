// config.json, `linux.resources`: Docker's options to the runtime-spec's (moby daemon_unix.go), checked against the
// host.

#include <cmath>
#include <cstdio>

#include "container/oci_parts.hpp"
#include "davit/base/error.hpp"
#include "davit/base/units.hpp"
#include "davit/engine/device_rule.hpp"

namespace davit::container {

namespace json = boost::json;

namespace {

constexpr std::int64_t kSmallestMemory = std::int64_t{6} << 20U;  // docker's: less does not start
constexpr std::int64_t kPeriod = 100000;                          // microseconds

[[noreturn]] void cannot_apply(const std::string& limit, const std::string& why, const std::string& way_out = {}) {
  Diagnostic problem = Diagnostic::error("limit-not-applicable", "cannot apply '" + limit + "': " + why).about(limit);
  if (!way_out.empty()) problem.with_hint(way_out);
  throw Error(std::move(problem));
}

void need_controller(const HostFacts& host, const std::string& controller, const std::string& limit) {
  if (host.controllers.contains(controller)) return;
  cannot_apply(limit, "the cgroup controller '" + controller + "' is not available on this host",
               "'davit doctor' lists the controllers");
}

void need_v1(const HostFacts& host, const std::string& limit) {
  if (host.cgroups == CgroupMode::Unified) cannot_apply(limit, "the kernel has no such setting with cgroup v2");
}

/// Memory plus swap: what is asked for, or Docker's default of twice the memory.
void set_swap(json::object& memory, const engine::Resources& wanted, const HostFacts& host) {
  if (wanted.memory_swap && *wanted.memory_swap != 0) {
    if (!host.swap_accounting) cannot_apply("memswap_limit", "the kernel of this host does not account swap");
    if (*wanted.memory_swap > 0 && !wanted.memory) cannot_apply("memswap_limit", "it needs 'mem_limit' beside it");
    if (*wanted.memory_swap > 0 && *wanted.memory_swap < *wanted.memory)
      cannot_apply("memswap_limit", format_bytes(*wanted.memory_swap) + " is less than 'mem_limit' (" +
                                        format_bytes(*wanted.memory) + "), which it includes");
    memory["swap"] = *wanted.memory_swap;
  } else if (wanted.memory && *wanted.memory > 0 && host.swap_accounting) {
    memory["swap"] = *wanted.memory * 2;
  }
}

json::object memory_part(const engine::Resources& wanted, const HostFacts& host) {
  json::object out;
  if (wanted.memory && *wanted.memory > 0) {
    need_controller(host, "memory", "mem_limit");
    if (*wanted.memory < kSmallestMemory)
      cannot_apply("mem_limit", format_bytes(*wanted.memory) + " is less than 6MiB, with which nothing starts");
    out["limit"] = *wanted.memory;
  }
  set_swap(out, wanted, host);
  if (wanted.memory_reservation && *wanted.memory_reservation > 0) {
    need_controller(host, "memory", "mem_reservation");
    if (wanted.memory && *wanted.memory > 0 && *wanted.memory_reservation > *wanted.memory)
      cannot_apply("mem_reservation", format_bytes(*wanted.memory_reservation) + " is more than 'mem_limit' (" +
                                          format_bytes(*wanted.memory) + ")");
    out["reservation"] = *wanted.memory_reservation;
  }
  if (wanted.memory_swappiness && *wanted.memory_swappiness != -1) {
    need_v1(host, "mem_swappiness");
    out["swappiness"] = *wanted.memory_swappiness;
  }
  if (wanted.oom_kill_disable.value_or(false)) {
    need_v1(host, "oom_kill_disable");
    out["disableOOMKiller"] = true;
  }
  return out;
}

std::int64_t quota_of(double cpus, const HostFacts& host) {
  if (cpus < 0.01 || cpus > host.cpus) {
    char text[64];
    std::snprintf(text, sizeof text, "%g is not between 0.01 and %u, the CPUs of this host", cpus, host.cpus);
    cannot_apply("cpus", text);
  }
  return std::llround(cpus * static_cast<double>(kPeriod));
}

json::object cpu_part(const engine::Resources& wanted, const HostFacts& host) {
  json::object out;
  if (wanted.cpus && *wanted.cpus != 0) {
    need_controller(host, "cpu", "cpus");
    if (wanted.cpu_quota || wanted.cpu_period)
      cannot_apply("cpus", "it says the same as 'cpu_quota' and 'cpu_period': use one of the two forms");
    out["quota"] = quota_of(*wanted.cpus, host);
    out["period"] = kPeriod;
  }
  if (wanted.cpu_quota && *wanted.cpu_quota != 0) {
    need_controller(host, "cpu", "cpu_quota");
    out["quota"] = *wanted.cpu_quota;
  }
  if (wanted.cpu_period && *wanted.cpu_period != 0) {
    need_controller(host, "cpu", "cpu_period");
    out["period"] = *wanted.cpu_period;
  }
  if (wanted.cpu_shares && *wanted.cpu_shares != 0) {
    need_controller(host, "cpu", "cpu_shares");
    out["shares"] = *wanted.cpu_shares;
  }
  if (!wanted.cpuset_cpus.empty()) {
    need_controller(host, "cpuset", "cpuset");
    out["cpus"] = wanted.cpuset_cpus;
  }
  return out;
}

json::object rule(bool allow, const char* type, std::int64_t major, std::int64_t minor, const std::string& access) {
  return {{"allow", allow}, {"type", type}, {"major", major}, {"minor", minor}, {"access", access}};
}

/// One of `device_cgroup_rules`. A number that is left out is every number.
json::object rule_of(const std::string& text) {
  const auto parsed = engine::parse_device_rule(text);
  if (!parsed) throw Error("invalid device cgroup rule format: '" + text + "'").about("device_cgroup_rules", text);
  json::object out{{"allow", true}, {"type", std::string(1, parsed->type)}, {"access", parsed->access}};
  if (parsed->major) out["major"] = *parsed->major;
  if (parsed->minor) out["minor"] = *parsed->minor;
  return out;
}

/// Nothing but the standard character devices and what the spec names; the runtime adds its own terminals.
json::array device_rules(const engine::ContainerSpec& spec, const OciInputs& inputs) {
  if (spec.privileged) return {json::object{{"allow", true}, {"access", "rwm"}}};
  json::array out{json::object{{"allow", false}, {"access", "rwm"}}};
  // zero, null, urandom, random, tty, console
  constexpr std::pair<int, int> kStandard[] = {{1, 5}, {1, 3}, {1, 9}, {1, 8}, {5, 0}, {5, 1}};
  for (const auto& [major, minor] : kStandard) out.push_back(rule(true, "c", major, minor, "rwm"));
  out.push_back(rule(false, "c", 10, 229, "rwm"));  // fuse
  for (const OciDevice& device : inputs.devices)
    out.push_back(rule(true, device.type == 'b' ? "b" : "c", device.major, device.minor, device.permissions));
  for (const std::string& text : spec.resources.device_rules) out.push_back(rule_of(text));
  return out;
}

}  // namespace

json::object resources_part(const engine::ContainerSpec& spec, const OciInputs& inputs) {
  json::object out;
  out["devices"] = device_rules(spec, inputs);
  if (json::object memory = memory_part(spec.resources, inputs.host); !memory.empty())
    out["memory"] = std::move(memory);
  if (json::object cpu = cpu_part(spec.resources, inputs.host); !cpu.empty()) out["cpu"] = std::move(cpu);
  if (spec.resources.pids && *spec.resources.pids > 0) {
    need_controller(inputs.host, "pids", "pids_limit");
    out["pids"] = json::object{{"limit", *spec.resources.pids}};
  }
  return out;
}

}  // namespace davit::container
