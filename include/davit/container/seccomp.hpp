#pragma once
// The system call filter: Docker's default policy, compiled to BPF once and kept.

#include <string>
#include <vector>

#include "davit/container/host.hpp"
#include "davit/container/oci_spec.hpp"

namespace davit::container {

/// Which form a runtime takes: crun the compiled program, every other one the rules.
enum class FilterForm { Bpf, Json };

/// The `linux.seccomp` object of the runtime-spec for these capabilities ("CAP_CHOWN"), kernel and architecture.
[[nodiscard]] std::string seccomp_json(const std::vector<std::string>& capabilities, const HostFacts& host);

/// The same policy as a BPF program (struct sock_filter[]). Calls newer than the library that compiles it fail with
/// ENOSYS, not EPERM, so that C libraries fall back to the older call. About 10 ms.
[[nodiscard]] std::string compile_seccomp(const std::vector<std::string>& capabilities, const HostFacts& host);

/// What the spec's security_opt (seccomp=unconfined, seccomp=<profile JSON file>), privileged mode and capabilities ask
/// for. Compiled programs are kept in `cache_dir` (made when missing) by a key of everything they depend on.
[[nodiscard]] SeccompSetting seccomp_setting(const engine::ContainerSpec& spec, const HostFacts& host, FilterForm form,
                                             const std::string& cache_dir);

}  // namespace davit::container
