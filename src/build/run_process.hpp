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

/// Runs `argv` (argv[0] absolute) in a session of its own with empty stdin. `line` gets each line of output without its
/// end, also the last one that has none. When `stop` is requested, `kill` is called until the process has ended.
ProcessEnd run_process(const std::vector<std::string>& argv, const std::stop_token& stop,
                       const std::function<void()>& kill,
                       const std::function<void(OutputStream, std::string_view)>& line);

/// The OCI runtime to use: crun, else runc, as absolute path. Throws davit::Error when there is neither.
[[nodiscard]] std::string find_runtime();

}  // namespace davit::build
