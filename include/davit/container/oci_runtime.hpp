#pragma once
// crun or runc, run as programs.

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "davit/async/task.hpp"
#include "davit/async/timers.hpp"
#include "davit/base/fd.hpp"
#include "davit/base/result.hpp"
#include "davit/base/strong.hpp"
#include "davit/container/host.hpp"
#include "davit/container/oci_spec.hpp"
#include "davit/container/seccomp.hpp"

namespace davit::container {

struct RuntimeProgram {
  enum class Kind { Crun, Runc, Other };
  Kind kind = Kind::Crun;
  std::string path;     ///< absolute
  std::string version;  ///< "1.8.1"
  friend bool operator==(const RuntimeProgram&, const RuntimeProgram&) = default;
};

/// The first words of a command line: the program, and what keeps crun from asking systemd for cgroups, which are
/// davit's own to make.
[[nodiscard]] std::vector<std::string> runtime_words(const RuntimeProgram& program);

/// Where a program's streams go. Without a terminal: three descriptors, kept by the caller until the call has ended.
struct Stdio {
  int in = -1;  ///< -1: /dev/null
  int out = -1;
  int err = -1;
};

class OciRuntime {
 public:
  /// `state_dir` is the runtime's --root, one per project: "<run root>/<project>/runtime".
  OciRuntime(RuntimeProgram program, std::string state_dir, Timers& timers);

  [[nodiscard]] const RuntimeProgram& program() const { return program_; }
  [[nodiscard]] FilterForm filter_form() const;

  struct Started {
    pid_t pid = 0;            ///< of the container's first process, which is now a child of the nearest subreaper
    std::optional<Fd> pidfd;  ///< none: it has already ended and been reaped; the reaper knows its status
    Fd terminal;              ///< the pty's master end, when the config asks for a terminal
  };
  /// `run --detach`: the container's program is running when this ends. Throws Error with docker's exit code (127: the
  /// command does not exist, 126: it cannot be executed, 125: anything else) and a message that names the command;
  /// then, as after cancellation, nothing of the container is left.
  /// The nearest subreaper has to reap every child, here and at exec, where crun leaves it processes of its own: the
  /// kernel keeps a container's first process from ending while zombies are left in its PID namespace.
  Task<Started> run(ContainerId id, std::string bundle_dir, Stdio stdio);

  struct ExecRequest {
    ExecOptions options;
    std::optional<std::chrono::milliseconds> timeout;
    std::size_t output_limit = 4096;  ///< bytes kept of stdout and stderr together
  };
  struct ExecResult {
    int exit_code = 0;  ///< 126/127 also when the runtime could not start it; -1 on time-out
    bool timed_out = false;
    std::string output;
  };
  /// Runs a program in a running container to its end, output captured: health checks. Output is in the order written
  /// with crun; runc copies the two streams and may swap lines. On time-out or cancellation the
  /// program in the container is killed. Throws Error only if the container is not running.
  Task<ExecResult> exec(ContainerId id, std::string bundle_dir, ExecRequest request);

  struct Command {
    std::vector<std::string> argv;
    std::string process_file;  ///< these three are to be removed by the caller afterwards
    std::string log_file;      ///< what the runtime has to say; for start_error()
    std::string pid_file;      ///< made when the program was started
    std::string cgroup;        ///< of the container; for kill_in_container()
  };
  /// The command line of an exec with the caller's own streams or terminal (`davit exec`): write the process document
  /// to the bundle folder and run it inside the keeper's mount namespace.
  [[nodiscard]] Command exec_command(const ContainerId& id, const std::string& bundle_dir,
                                     const ExecOptions& options) const;

  /// Starts a program in a running container and leaves it to itself, without streams (`davit exec --detach`). Throws
  /// start_error() when it could not be started.
  Task<void> exec_detached(ContainerId id, std::string bundle_dir, ExecOptions options);

  /// Forgets an ended container: its state folder and cgroup (not the cgroup's parents: Cgroups::prune_parents). Kills
  /// what is left in it first, and waits for its end. Missing is fine. Starts no program for crun and runc.
  Task<void> remove(ContainerId id);
  /// Containers with state, running or not.
  [[nodiscard]] std::vector<ContainerId> known() const;

 private:
  [[nodiscard]] std::vector<std::string> base_command(const std::string& log_file) const;

  RuntimeProgram program_;
  std::string state_dir_;
  Timers* timers_;
};

/// Whether a process is in a group or below it; `groups` is the text of its /proc/<pid>/cgroup, `cgroup` a path from
/// the root of the hierarchy. Pure.
[[nodiscard]] bool is_in_cgroup(std::string_view groups, std::string_view cgroup);

/// Sends SIGKILL to the program of an exec, whose number is in `pid_file`, after making sure that it still is in the
/// container with that cgroup: the number may have been used again. Does nothing if it is not, or has ended.
void kill_in_container(const std::string& pid_file, const std::string& cgroup);

/// One candidate and why it is or is not good.
struct RuntimeCheck {
  RuntimeProgram program;
  std::string failure;  ///< empty: it started a container and reported its exit status
};

/// Asks the program at `path` for its version and starts a container that ends at once, with davit-init as its program,
/// in `scratch_dir` (made and removed). A program that cannot even be run has failed. Cancelled, nothing is left.
Task<RuntimeCheck> check_runtime(Timers& timers, std::string path, std::string scratch_dir, HostFacts host);

/// The runtime to use: `wanted` ("crun", "runc", a path) or, if empty, the first of crun and runc that passes its
/// check. The answer is kept in `cache_dir` until the next boot or until the program changes. Throws Error listing
/// every candidate with its failure if none passes.
Task<RuntimeProgram> choose_runtime(Timers& timers, std::string wanted, std::string cache_dir, HostFacts host);

/// What the program that could not be run is, as far as somebody has looked: the runtimes call a folder "permitted" or
/// not, too.
enum class ProgramFile { Unknown, Folder };

/// The runtime's own message made into one of ours, with the attribute it is about (Diagnostic::Subject). `log` is what
/// it logged, JSON lines or text.
[[nodiscard]] Error start_error(const std::string& log, const std::vector<std::string>& args,
                                ProgramFile program = ProgramFile::Unknown);

}  // namespace davit::container
