#pragma once
// Running a program where the containers' mounts are.

#include "davit/async/task.hpp"
#include "davit/engine/engine.hpp"
#include "embedded/protocol.hpp"

namespace davit::embedded {

/// Runs the plan's command in the keeper's mount namespace with this process's streams; its exit code. Throws
/// container::start_error() when the program, `args`, could not be started.
Task<int> run_in_keeper(ExecPlan plan, std::vector<std::string> args);

/// The same without input, and with its output given to `output` as it comes. Cancelled: the program is killed.
Task<int> run_captured(ExecPlan plan, std::vector<std::string> args, engine::ProgramOutput output);

}  // namespace davit::embedded
