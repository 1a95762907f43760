#pragma once
// The end of a container's control group.

#include <string>

#include "davit/async/task.hpp"
#include "davit/async/timers.hpp"
#include "davit/container/cgroups.hpp"

namespace davit::container {

/// Ends what is in the group and removes it; a missing one is fine. Not its parents: another container may be starting
/// in there. Throws Error when a process does not end within `limit`. Cancelled, what was in there has got SIGKILL.
Task<void> end_group(Timers& timers, Cgroups groups, std::string path, Timers::Clock::duration limit);

}  // namespace davit::container
