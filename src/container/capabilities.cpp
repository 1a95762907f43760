#include "container/capabilities.hpp"

#include <algorithm>
#include <iterator>
#include <set>

#include "davit/base/error.hpp"
#include "davit/base/suggest.hpp"
#include "davit/container/oci_spec.hpp"

namespace davit::container {
namespace {

/// moby daemon/pkg/oci/caps/defaults.go
constexpr std::string_view kDockerDefaults[] = {
    "CAP_CHOWN",   "CAP_DAC_OVERRIDE", "CAP_FSETID",           "CAP_FOWNER",
    "CAP_MKNOD",   "CAP_NET_RAW",      "CAP_SETGID",           "CAP_SETUID",
    "CAP_SETFCAP", "CAP_SETPCAP",      "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT",
    "CAP_KILL",    "CAP_AUDIT_WRITE"};

std::string normal(std::string_view name) {
  std::string out;
  for (const char c : name) out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return out.starts_with("CAP_") || out == "ALL" ? out : "CAP_" + out;
}

bool is_available(unsigned number, const HostFacts& host) {
  return ((host.capabilities >> number) & 1U) != 0;
}

std::set<unsigned> all_available(const HostFacts& host) {
  std::set<unsigned> out;
  for (unsigned n = 0; n < capability_names().size(); ++n)
    if (is_available(n, host)) out.insert(n);
  return out;
}

unsigned number_of(const std::string& name) {
  if (const auto number = capability_number(name)) return *number;
  Diagnostic problem = Diagnostic::error("unknown-capability", "unknown capability '" + name + "'");
  if (const auto meant = nearest(normal(name), capability_names())) problem.with_hint("did you mean '" + *meant + "'?");
  throw Error(std::move(problem));
}

/// What cap_add names; "ALL" is all that this host has.
std::set<unsigned> added_numbers(const std::vector<std::string>& names, const HostFacts& host) {
  std::set<unsigned> out;
  for (const std::string& name : names) {
    if (normal(name) == "ALL") {
      out.merge(all_available(host));
      continue;
    }
    const unsigned number = concerning("cap_add", name, [&] { return number_of(name); });
    if (!is_available(number, host))
      throw Error(Diagnostic::error("unsupported-capability",
                                    "cannot add capability '" + name + "': davit does not have it on this host")
                      .about("cap_add", name));
    out.insert(number);
  }
  return out;
}

}  // namespace

const std::vector<std::string>& capability_names() {
  static const std::vector<std::string> names{"CAP_CHOWN",
                                              "CAP_DAC_OVERRIDE",
                                              "CAP_DAC_READ_SEARCH",
                                              "CAP_FOWNER",
                                              "CAP_FSETID",
                                              "CAP_KILL",
                                              "CAP_SETGID",
                                              "CAP_SETUID",
                                              "CAP_SETPCAP",
                                              "CAP_LINUX_IMMUTABLE",
                                              "CAP_NET_BIND_SERVICE",
                                              "CAP_NET_BROADCAST",
                                              "CAP_NET_ADMIN",
                                              "CAP_NET_RAW",
                                              "CAP_IPC_LOCK",
                                              "CAP_IPC_OWNER",
                                              "CAP_SYS_MODULE",
                                              "CAP_SYS_RAWIO",
                                              "CAP_SYS_CHROOT",
                                              "CAP_SYS_PTRACE",
                                              "CAP_SYS_PACCT",
                                              "CAP_SYS_ADMIN",
                                              "CAP_SYS_BOOT",
                                              "CAP_SYS_NICE",
                                              "CAP_SYS_RESOURCE",
                                              "CAP_SYS_TIME",
                                              "CAP_SYS_TTY_CONFIG",
                                              "CAP_MKNOD",
                                              "CAP_LEASE",
                                              "CAP_AUDIT_WRITE",
                                              "CAP_AUDIT_CONTROL",
                                              "CAP_SETFCAP",
                                              "CAP_MAC_OVERRIDE",
                                              "CAP_MAC_ADMIN",
                                              "CAP_SYSLOG",
                                              "CAP_WAKE_ALARM",
                                              "CAP_BLOCK_SUSPEND",
                                              "CAP_AUDIT_READ",
                                              "CAP_PERFMON",
                                              "CAP_BPF",
                                              "CAP_CHECKPOINT_RESTORE"};
  return names;
}

std::optional<unsigned> capability_number(std::string_view name) {
  const auto& names = capability_names();
  const auto found = std::find(names.begin(), names.end(), normal(name));
  if (found == names.end()) return std::nullopt;
  return static_cast<unsigned>(found - names.begin());
}

std::vector<std::string> available_capabilities(const HostFacts& host) {
  std::vector<std::string> out;
  for (const unsigned n : all_available(host)) out.push_back(capability_names()[n]);
  return out;
}

// As moby's TweakCapabilities: adding ALL leaves out what is dropped by name, dropping ALL leaves what is added, and
// otherwise a capability both dropped and added is there.
std::vector<std::string> effective_capabilities(const engine::ContainerSpec& spec, const HostFacts& host) {
  const auto is_all = [](const std::string& name) { return normal(name) == "ALL"; };
  std::vector<std::string> named_drops;
  std::remove_copy_if(spec.cap_drop.begin(), spec.cap_drop.end(), std::back_inserter(named_drops), is_all);
  std::set<unsigned> dropped;
  for (const std::string& name : named_drops)
    dropped.insert(concerning("cap_drop", name, [&] { return number_of(name); }));
  const std::set<unsigned> added = added_numbers(spec.cap_add, host);
  std::set<unsigned> result;
  if (spec.privileged) {
    result = all_available(host);
  } else if (std::any_of(spec.cap_add.begin(), spec.cap_add.end(), is_all)) {
    std::set_difference(added.begin(), added.end(), dropped.begin(), dropped.end(),
                        std::inserter(result, result.end()));
  } else {
    const bool drop_all = named_drops.size() != spec.cap_drop.size();
    if (!drop_all)
      for (const std::string_view name : kDockerDefaults) result.insert(*capability_number(name));
    for (const unsigned n : dropped) result.erase(n);
    std::erase_if(result, [&host](unsigned n) { return !is_available(n, host); });
    result.insert(added.begin(), added.end());
  }
  std::vector<std::string> out;
  for (const unsigned n : result) out.push_back(capability_names()[n]);
  return out;
}

}  // namespace davit::container
