#pragma once
// davit's own programs that go on where nobody can reach them: OCI runtimes that were at work when their supervisor and
// keeper were killed, and keepers whose folder was removed while they lived.

#include <cstddef>
#include <string>
#include <vector>

#include "davit/async/task.hpp"
#include "davit/async/timers.hpp"
#include "embedded/paths.hpp"

namespace davit::embedded {

/// Whether the command line is one of a runtime that keeps its state in the folder.
[[nodiscard]] bool is_runtime_of(const std::vector<std::string>& command_line, const std::string& state_folder);

/// Whether the command line is one of a keeper that serves the folder.
[[nodiscard]] bool is_keeper_of(const std::vector<std::string>& command_line, const std::string& folder);

struct EndedPrograms {
  std::size_t runtimes = 0;
  std::size_t keepers = 0;
};

/// Ends every such process of the project and waits for it. A runtime that goes on would make its container after
/// everything else of the project has been cleared up, or beside the next run of it; a keeper's supervisor would look
/// after containers that another one answers for, so it and all other children of the keeper end with it. They are
/// nobody's children, and their command line is what tells them. To be called when there is no keeper, or before the
/// keeper `but_for` has started anything. Throws Error when one does not end after SIGKILL.
Task<EndedPrograms> end_leftover_programs(Paths paths, pid_t but_for, Timers& timers);

}  // namespace davit::embedded
