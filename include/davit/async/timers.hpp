#pragma once
// Time as a parameter: the steady clock in the program, a hand-moved one in tests.

#include <chrono>
#include <optional>

#include "davit/async/task.hpp"

namespace davit {

/// Implementations: SteadyTimers, ManualTimers (tests/support).
class Timers {
 public:
  using Clock = std::chrono::steady_clock;
  virtual ~Timers() = default;
  virtual Clock::time_point now() const = 0;
  /// Ends at the time, or throws operation_aborted when cancelled.
  virtual Task<void> sleep_until(Clock::time_point when) = 0;
  Task<void> sleep_for(Clock::duration duration) { return sleep_until(now() + duration); }
};

class SteadyTimers final : public Timers {
 public:
  Clock::time_point now() const override { return Clock::now(); }
  Task<void> sleep_until(Clock::time_point when) override;
};

enum class TimedOut { No, Yes };

/// Runs `operation` for at most `limit`. On time-out the operation is cancelled and awaited to its end, and Yes is
/// returned; an error of the operation is thrown, also one that comes when it is cancelled. Cancelling the caller
/// cancels both.
Task<TimedOut> with_timeout(Timers& timers, Timers::Clock::duration limit, Task<void> operation);

/// As above for an operation with a value: nullopt on time-out.
template <class T>
Task<std::optional<T>> with_timeout(Timers& timers, Timers::Clock::duration limit, Task<T> operation);

}  // namespace davit

#include "davit/async/with_timeout_impl.hpp"
