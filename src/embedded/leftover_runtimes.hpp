#pragma once
// OCI runtimes that were at work when their supervisor and keeper were killed.

#include <cstddef>
#include <string>
#include <vector>

#include "davit/async/task.hpp"
#include "davit/async/timers.hpp"
#include "embedded/paths.hpp"

namespace davit::embedded {

/// Whether the command line is one of a runtime that keeps its state in the folder.
[[nodiscard]] bool is_runtime_of(const std::vector<std::string>& command_line, const std::string& state_folder);

/// Ends every such process of the project and waits for it: one that goes on would make its container after everything
/// else of the project has been cleared up, or beside the next run of it. They are in no cgroup of the project yet, and
/// nobody's children: their command line is what tells them. To be called when there is no keeper, or before it has
/// started anything. Returns how many there were. Throws Error when one does not end after SIGKILL.
Task<std::size_t> end_leftover_runtimes(Paths paths, Timers& timers);

}  // namespace davit::embedded
