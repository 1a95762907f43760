#pragma once
// What happens after a container ends. Knows no engine and no clock: the caller performs the action and reports back.

#include <chrono>
#include <string>
#include <variant>

#include "davit/engine/container_spec.hpp"

namespace davit::schedule {

/// Docker's restart manager: 100 ms before the first restart, doubling to a cap of one minute; a run of 10 s or more
/// starts over. (compose-semantics 3.7)
class RestartPolicy {
 public:
  enum class StopRequest { None, ByUser };

  /// Nothing more to do.
  struct StayDown {
    std::string cause;
    friend bool operator==(const StayDown&, const StayDown&) = default;
  };
  /// Wait, then start.
  struct StartAgain {
    std::chrono::milliseconds after;
    friend bool operator==(const StartAgain&, const StartAgain&) = default;
  };
  using Action = std::variant<StayDown, StartAgain>;

  /// `restarts` so far, for a supervisor that takes over from another one.
  explicit RestartPolicy(engine::RestartPolicy policy, int restarts = 0);

  Action container_exited(int exit_code, std::chrono::milliseconds ran_for, StopRequest stop);

  /// The wait for a container that a former supervisor, whose delay is not known, was about to start again: what so
  /// many restarts in a row would have come to.
  [[nodiscard]] std::chrono::milliseconds delay_after_take_over() const;
  /// A start by the user forgives all earlier ends.
  void started_by_user();

  [[nodiscard]] int restarts() const { return restarts_; }

 private:
  engine::RestartPolicy policy_;
  int restarts_;
  std::chrono::milliseconds delay_{0};  ///< before the last restart; zero: none yet
};

}  // namespace davit::schedule
