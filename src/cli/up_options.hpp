#pragma once
// Flags that `up`, `create`, `run` and `scale` share.

#include <map>
#include <string>
#include <vector>

#include "commands.hpp"
#include "davit/base/result.hpp"
#include "davit/plan/flags.hpp"
#include "davit/plan/make_plan.hpp"

namespace davit::cli {

struct UpFlags : plan::UpFlags {
  std::vector<std::string> services;
  std::vector<std::string> scale;      ///< "web=3"
  std::vector<std::string> attach_to;  ///< --attach
  std::vector<std::string> no_attach;
  std::string pull;
  bool no_deps = false;
  bool no_color = false;
  bool no_log_prefix = false;
  bool timestamps = false;
  bool quiet_pull = false;
  bool quiet_build = false;
  bool menu = false;
  bool yes = false;
  int timeout = -1;       ///< seconds; -1: the container's own
  int wait_timeout = -1;  ///< seconds; -1: none
};

/// The flags that decide what is created: of `up`, `create` and `run`.
void add_create_flags(CLI::App* command, UpFlags& flags);

/// Flags into what the plan takes. Errors: a malformed --scale or --pull.
[[nodiscard]] Result<plan::UpOptions> plan_options(const UpFlags& flags);

}  // namespace davit::cli
