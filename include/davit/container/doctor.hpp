#pragma once
// What the machine can do for davit, and what is missing: the checks of `davit doctor`, as data.

#include <string>
#include <vector>

#include "davit/async/task.hpp"
#include "davit/async/timers.hpp"

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
};

/// Makes what it needs to try things in temporary folders and namespaces, and removes it again.
Task<std::vector<Check>> examine_machine(Timers& timers, DoctorOptions options);

}  // namespace davit::container
