#pragma once
// The OCI runtime document (config.json) of one RUN.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "build/sandbox.hpp"
#include "davit/build/plan.hpp"
#include "davit/container/oci_spec.hpp"
#include "davit/container/user.hpp"

namespace davit::build {

struct SpecInput {
  std::string root;  ///< absolute path of the mounted root file system
  std::string cgroup;
  std::string network;  ///< path of the namespace; empty with network "none" (a new one) and "host"
  std::vector<container::OciMount> mounts;
  container::ResolvedUser user;
  std::vector<std::string> secret_env;  ///< "NAME=value"
  container::SeccompSetting filter;
  container::HostFacts host;
};

/// As an engine's container: what the filter of system calls and the capabilities follow from.
[[nodiscard]] engine::ContainerSpec container_spec(const RunStep& step, const RunSettings& settings);

/// The document of a container with Docker's defaults (container room), but with BuildKit's environment: nothing beside
/// what the step says.
[[nodiscard]] std::string run_spec(const RunStep& step, const RunSettings& settings, const SpecInput& input);

/// Environment of the process: the step's, HOME of the user unless given.
[[nodiscard]] std::vector<std::string> run_environment(const RunStep& step, const SpecInput& input);

inline constexpr const char* kBuildHostname = "buildkitsandbox";

}  // namespace davit::build
