#pragma once
// What the machine can do for davit, and what is missing: the checks of `davit doctor`, as data.

#include <string>
#include <vector>

#include "davit/async/task.hpp"
#include "davit/async/timers.hpp"
#include "davit/container/host.hpp"

namespace davit::container {

struct Check {
  enum class Outcome { Ok, Warning, Failed };
  std::string name;
  Outcome outcome = Outcome::Ok;
  std::string detail;  ///< what was found
  std::string remedy;  ///< what to do about it; empty when all is well
};

struct DoctorOptions {
  std::string data_root;
  std::string run_root;
  HostFacts host;  ///< as seen before entering the mount namespace, where the v2 tree of a hybrid host is not in sight
};

/// Tries things in temporary folders below the two roots and removes them again. The caller has entered a private mount
/// namespace (mount_namespace.hpp) if it could.
Task<std::vector<Check>> examine_machine(Timers& timers, DoctorOptions options);

}  // namespace davit::container
