#pragma once
// The OCI runtime document (config.json) of one RUN.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "davit/build/plan.hpp"

namespace davit::build {

/// Who a process is, as numbers.
struct Identity {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> groups;
  std::string home = "/root";
};

/// A bind mount or a tmpfs of the step.
struct SpecMount {
  std::string target;
  std::string type;    ///< "bind" or "tmpfs"
  std::string source;  ///< absolute on the host; "tmpfs"
  std::vector<std::string> options;
};

struct SpecInput {
  std::string root;  ///< absolute path of the mounted root file system
  std::string cgroup;
  std::vector<SpecMount> mounts;
  Identity user;
  std::vector<std::string> secret_env;  ///< "NAME=value"
};

/// Docker's build container: its capabilities, masked paths and devices; own pid, ipc, uts and mount namespaces; the
/// host's network unless the step asks for none; no terminal.
[[nodiscard]] std::string run_spec(const RunStep& step, const SpecInput& input);

/// Environment of the process: the step's, HOME of the user unless given.
[[nodiscard]] std::vector<std::string> run_environment(const RunStep& step, const SpecInput& input);

inline constexpr const char* kBuildHostname = "buildkitsandbox";

}  // namespace davit::build
