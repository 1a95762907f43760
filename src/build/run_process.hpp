#pragma once
// One RUN as a process: started from the step's own thread, so that it lives in that thread's mount namespace.

#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace davit::build {

enum class OutputStream { Out, Err };

struct ProcessEnd {
  int code = 0;  ///< exit status, 128 + signal
  bool stopped = false;
};

struct ProcessControl {
  std::stop_token stop;
  std::function<void()> kill;  ///< called until the process has ended, once `stop` is requested
  int inherited = -1;          ///< a descriptor the process gets as number 3; -1: none
};

/// Runs `argv` (argv[0] absolute) in a session of its own with empty stdin. `line` gets each line of output without its
/// end, also the last one that has none.
ProcessEnd run_process(const std::vector<std::string>& argv, const ProcessControl& control,
                       const std::function<void(OutputStream, std::string_view)>& line);

}  // namespace davit::build
