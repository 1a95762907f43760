#pragma once
// Plans become acts: the coroutines between the scheduler and an engine. They decide nothing.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "davit/async/task.hpp"
#include "davit/async/timers.hpp"
#include "davit/engine/engine.hpp"
#include "davit/model/project.hpp"
#include "davit/plan/make_plan.hpp"
#include "davit/plan/plan.hpp"
#include "davit/runtime/images.hpp"
#include "davit/runtime/progress.hpp"
#include "davit/schedule/attached_up.hpp"

namespace davit::runtime {

/// The state of the project, with the external networks and volumes it names that exist: what make_up_plan() takes.
Task<engine::Observed> observe(engine::Engine& engine, const model::Project& project);

/// The last lines a container has written, oldest first, for messages.
using LogTail = std::function<Task<std::vector<std::string>>(engine::ObservedContainer container, std::size_t lines)>;

/// Gets each line that a lifecycle hook writes, while it runs, with the name of its container.
using HookOutput = std::function<void(const std::string& container, const std::string& line)>;

/// A container that a plan has made.
struct MadeContainer {
  ContainerId id;
  std::string name;  ///< the final one
  std::string service;
  enum class Kind { OfService, OneOff };
  Kind kind = Kind::OfService;
};

/// Awaited for each container when it has been made, before it is started: what it writes can be followed from then on.
using ContainerMade = std::function<Task<void>(MadeContainer made)>;

struct ExecuteOptions {
  std::size_t parallel = 0;  ///< acts at once; 0: no limit (`--parallel`)
  /// Limit for all waiting, from the moment when the images are there (`--wait-timeout`).
  std::optional<std::chrono::nanoseconds> wait_timeout;
  LogTail log_tail;          ///< may be empty
  HookOutput hook_output{};  ///< may be empty: then a hook's output is seen only in the message of its failure
  ContainerMade made{};      ///< may be empty
};

/// What came of a plan.
struct Execution {
  std::map<std::string, ContainerId> containers;  ///< of the plan's slots, by final name; also the kept ones
  std::vector<Diagnostic> failures;               ///< the first one is the cause of the command's failure
  std::vector<Diagnostic> warnings;               ///< of the run; those of the plan are the plan's
  std::int64_t first_event = 0;  ///< the journal's newest event before the first step: follow events and logs from here

  [[nodiscard]] bool ok() const { return failures.empty(); }
  /// Throws the first failure as Error, the messages of the others as notes.
  void throw_if_failed() const;
};

/// What `execute` works with; all must outlive it.
struct Context {
  const model::Project& project;
  engine::Engine& engine;
  ImageProvider& images;
  Timers& timers;
  ProgressSink& progress;
};

/// Runs the plan to its end, steps in parallel. A failed step is a value in the result. Cancelled: acts under way are
/// cancelled (the engine leaves nothing half made), nothing else is begun, operation_aborted is thrown; running the
/// command again finishes the job.
Task<Execution> execute(Context context, const plan::Plan& plan, ExecuteOptions options);

/// Signals to the command, one after another. Ends at the next one.
class Interrupts {
 public:
  virtual ~Interrupts() = default;
  virtual Task<void> next() = 0;
  /// One has arrived and next() will end at once.
  [[nodiscard]] virtual bool is_pending() const { return false; }
};

/// What an attached `up` needs beside its rules.
struct AttachOptions {
  schedule::AttachedUp::Options rules;            ///< `watched` empty: all containers of the project but one-offs
  std::vector<std::string> services;              ///< stopped at the end; empty: all
  std::optional<std::chrono::nanoseconds> grace;  ///< `-t`
  /// For lines such as "Gracefully Stopping... press Ctrl+C again to force".
  std::function<void(const std::string&)> say;
  HookOutput hook_output{};  ///< of the hooks before the stop
};

/// Follows the containers of an attached `up` until its rules end it; returns the exit code of the command. Signals are
/// taken from `interrupts`: the first stops, the second kills.
Task<int> attend(Context context, Interrupts& interrupts, AttachOptions options);

struct WaitedExit {
  std::string container;  ///< name
  std::string service;
  ContainerId id;
  int exit_code = 0;
  friend bool operator==(const WaitedExit&, const WaitedExit&) = default;
};

enum class WaitUntil { AllExited, FirstExited };

/// `wait`: until the containers of the services have ended (or the first one, for `--down-project`), in the order of
/// their ends. Those not running now count at once. Throws Error when there is no such container.
Task<std::vector<WaitedExit>> wait_for_exit(engine::Engine& engine, const model::Project& project,
                                            std::vector<std::string> services, WaitUntil until);

/// Until the container has ended and will not be started again; its exit code (`run`). `since`: the newest event before
/// its start (Execution::first_event), so that an end before this call, even with its removal, is not missed.
Task<int> wait_for_container(engine::Engine& engine, ContainerId id, std::int64_t since);

}  // namespace davit::runtime
