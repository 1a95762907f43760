#pragma once
// Processes that are not our children, held by a descriptor, which a process id that is used again cannot deceive.

#include <sys/types.h>

#include <optional>
#include <vector>

#include "davit/async/task.hpp"
#include "davit/async/timers.hpp"
#include "davit/base/fd.hpp"

namespace davit::process {

class PidFd {
 public:
  explicit PidFd(Fd fd) : fd_(std::move(fd)) {}
  /// nullopt if there is no such process (any more).
  [[nodiscard]] static std::optional<PidFd> open(pid_t pid);

  [[nodiscard]] int get() const { return fd_.get(); }
  [[nodiscard]] Fd take() && { return std::move(fd_); }

  enum class Sent { Yes, NoSuchProcess };
  /// Throws Error on any other failure, such as a missing permission.
  Sent send(int signal) const;
  /// True once the process has ended, reaped or not.
  [[nodiscard]] bool has_ended() const;
  /// Ends when the process has ended. Any number of waiters. After cancellation nothing has changed.
  [[nodiscard]] Task<void> ended() const;

 private:
  Fd fd_;
};

/// Sends SIGKILL to all of them, then waits for the end of each. Yes: one did not end within `limit` after the one
/// before it, because it is stuck in the kernel. The vector must outlive the task.
[[nodiscard]] Task<TimedOut> end_all(Timers& timers, const std::vector<PidFd>& processes,
                                     Timers::Clock::duration limit);

}  // namespace davit::process
