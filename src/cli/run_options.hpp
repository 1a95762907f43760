#pragma once
// The flags of `run`, and what they make of the service.

#include <optional>
#include <string>
#include <vector>

#include "context.hpp"
#include "davit/plan/make_plan.hpp"
#include "up_options.hpp"

namespace davit::cli {

struct RunFlags {
  UpFlags up;
  std::string service;
  std::vector<std::string> command;
  std::vector<std::string> environment;
  std::vector<std::string> env_files;
  std::vector<std::string> labels;
  std::vector<std::string> volumes;
  std::vector<std::string> ports;
  std::vector<std::string> cap_add;
  std::vector<std::string> cap_drop;
  std::optional<std::string> entrypoint;
  std::string name;
  std::string user;
  std::string working_dir;
  bool interactive = true;
  bool remove = false;
  bool service_ports = false;
  bool use_aliases = false;
  bool no_tty = false;
  bool tty = false;  ///< -t: it is there by itself when standard input and output are a terminal
  bool quiet = false;
};

void add_run_flags(CLI::App* command, RunFlags& flags);

/// What the plan takes. Volumes that the flags name and the project does not have are added to the project. Throws
/// Error for flags that cannot be read or do not fit together.
[[nodiscard]] plan::RunOptions run_options(const Context& context, const RunFlags& flags, model::Project& project);

}  // namespace davit::cli
