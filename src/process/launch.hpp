#pragma once
// Starting a program: the part between fork and exec. Private to the room.

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

namespace davit::process {

struct LaunchPlan {
  std::string path;  ///< absolute, or relative to the current folder
  std::vector<std::string> argv;
  std::vector<std::string> env;
  std::string cwd;
  std::vector<std::pair<int, int>> fds;  ///< ours, theirs
};

/// Starts the program and returns its process id; the caller reaps it. Throws Error when it cannot be started.
pid_t launch(const LaunchPlan& plan);

}  // namespace davit::process
