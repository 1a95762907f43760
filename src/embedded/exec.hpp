#pragma once
// Running a program where the containers' mounts are.

#include "davit/async/task.hpp"
#include "embedded/protocol.hpp"

namespace davit::embedded {

/// Runs the plan's command in the keeper's mount namespace with this process's streams; its exit code. Throws
/// container::start_error() when the program, `args`, could not be started.
Task<int> run_in_keeper(ExecPlan plan, std::vector<std::string> args);

}  // namespace davit::embedded
