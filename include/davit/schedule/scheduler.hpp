#pragma once
// Which step of a plan may run now. A state machine: it is told what happened and answers what to do; it knows no
// engine, no clock and no loop.

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "davit/plan/plan.hpp"

namespace davit::schedule {

/// What is known of the container in a slot.
struct ContainerFacts {
  enum class Probe { None, Configured };
  enum class Ready { No, Yes };  ///< without a probe: Engine::await_ready() has said so of this run
  engine::ContainerState state = engine::ContainerState::Created;
  engine::Health health = engine::Health::None;
  int exit_code = 0;
  Probe probe = Probe::None;
  Ready ready = Ready::No;
  int ends_in_vain = 0;  ///< CrashLoop has given it up after so many ends; 0: not given up
  friend bool operator==(const ContainerFacts&, const ContainerFacts&) = default;
};

/// Why a WaitFor cannot be fulfilled any more.
struct WaitFailure {
  std::string message;               ///< "container p-db-1 is unhealthy"
  std::optional<plan::SlotId> slot;  ///< the container to show probe output and log lines of
  friend bool operator==(const WaitFailure&, const WaitFailure&) = default;
};

enum class WaitState { Pending, Fulfilled };

/// Judges one WaitFor by what is known of its containers (rules: compose-semantics 3.5). No containers: fulfilled.
[[nodiscard]] std::variant<WaitState, WaitFailure> judge(const plan::WaitFor& wait,
                                                         const std::vector<plan::Slot>& slots,
                                                         const std::vector<ContainerFacts>& facts);

struct SchedulerOptions {
  std::size_t parallel = 0;  ///< acts that may run at once; 0: no limit. Waiting is free.
};

class Scheduler {
 public:
  // What happened.
  struct Begin {};
  struct Succeeded {
    plan::StepId step;
  };
  struct Failed {
    plan::StepId step;
  };
  /// A container changed by itself, or is now in the slot.
  struct Changed {
    plan::SlotId slot;
    ContainerFacts facts;
  };
  /// The image of a BuildImage or PullImage step is known; reported before its Succeeded.
  struct ImageKnown {
    std::string image;
    ImageId id;
  };
  /// The time for all waiting is over.
  struct WaitTimedOut {
    std::string limit;  ///< as the user gave it: "3s"
  };
  struct Interrupted {};
  /// What LookAgain asked for has been reported as Changed.
  struct LookedAgain {};
  using Event = std::variant<Begin, Succeeded, Failed, Changed, ImageKnown, WaitTimedOut, Interrupted, LookedAgain>;

  // What to do.
  struct Run {
    plan::StepId step;
    friend bool operator==(const Run&, const Run&) = default;
  };
  /// A WaitFor has begun; the scheduler resolves it itself.
  struct Waiting {
    plan::StepId step;
    friend bool operator==(const Waiting&, const Waiting&) = default;
  };
  struct WaitFulfilled {
    plan::StepId step;
    friend bool operator==(const WaitFulfilled&, const WaitFulfilled&) = default;
  };
  struct WaitFailed {
    enum class Severity { Error, Warning };  ///< Warning: everyone who waits can do without (`required: false`)
    plan::StepId step;
    WaitFailure why;
    Severity severity;
    friend bool operator==(const WaitFailed&, const WaitFailed&) = default;
  };
  /// Will never run; `because` is the failed step it needed, none when everything was stopped or it is not needed.
  struct Skipped {
    enum class Reason { NotNeeded, DependencyFailed, Stopped };
    plan::StepId step;
    Reason reason;
    std::optional<plan::StepId> because;
    friend bool operator==(const Skipped&, const Skipped&) = default;
  };
  /// All is done and every container was up at some moment: look at those of `up --wait` once more, all at one moment.
  struct LookAgain {
    friend bool operator==(const LookAgain&, const LookAgain&) = default;
  };
  /// Nothing runs, nothing waits, nothing is left.
  struct Finished {
    friend bool operator==(const Finished&, const Finished&) = default;
  };
  using Action = std::variant<Run, Waiting, WaitFulfilled, WaitFailed, Skipped, LookAgain, Finished>;

  /// The plan must outlive the scheduler.
  Scheduler(const plan::Plan& plan, SchedulerOptions options);

  /// The actions in the order in which they are to be done. Cost: proportional to what the event sets free.
  [[nodiscard]] std::vector<Action> resume(const Event& event);

  [[nodiscard]] bool finished() const { return finished_; }
  [[nodiscard]] std::size_t running() const { return running_; }
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }
  [[nodiscard]] const ContainerFacts& facts(plan::SlotId slot) const { return facts_[slot]; }

 private:
  enum class State { Blocked, Ready, Running, Waiting, Succeeded, Failed, Skipped };
  struct Node {
    State state = State::Blocked;
    std::size_t missing = 0;  ///< steps before this one that have not ended
    std::optional<plan::StepId> failed_need;
    std::vector<plan::Edge> dependants;
  };

  void take(const Begin& event);
  void take(const Succeeded& event);
  void take(const Failed& event);
  void take(const Changed& event);
  void take(const ImageKnown& event);
  void take(const WaitTimedOut& event);
  void take(const Interrupted& event);
  void take(const LookedAgain& event);
  void end(plan::StepId step, State state);
  void settle();
  void release(const plan::Edge& dependant, plan::StepId ended, State state);
  void make_ready(plan::StepId step);
  void stop();
  void launch();
  void skip(plan::StepId step, Skipped::Reason reason, std::optional<plan::StepId> because);
  void look_at_wait(plan::StepId step);
  void fail_wait(plan::StepId step, WaitFailure why);
  void look_at_held(plan::StepId step);
  void finish();
  void time_out(const std::string& limit);
  static void count_as_ready(ContainerFacts& facts);
  [[nodiscard]] bool needed(const plan::Step& step) const;
  [[nodiscard]] bool only_tolerated(plan::StepId step) const;
  Node& node(plan::StepId step) { return nodes_[step - 1]; }
  [[nodiscard]] const Node& node(plan::StepId step) const { return nodes_[step - 1]; }

  const plan::Plan& plan_;
  SchedulerOptions options_;
  std::vector<Node> nodes_;
  std::vector<ContainerFacts> facts_;
  std::vector<std::vector<plan::StepId>> waits_of_slot_;
  std::map<std::string, ImageId> images_;
  std::set<plan::StepId> ready_;  ///< acts, by number
  std::set<plan::StepId> waiting_;
  std::set<plan::StepId> held_;  ///< waits of `up --wait` that were fulfilled, and must be to the end
  std::vector<std::pair<plan::StepId, State>> ended_;  ///< whose dependants have not heard yet
  std::vector<Action> actions_;
  std::size_t running_ = 0;
  std::size_t open_ = 0;  ///< steps that have not ended
  bool stopping_ = false;
  bool waited_long_enough_ = false;
  bool looking_ = false;  ///< LookAgain was asked for
  bool finished_ = false;
};

}  // namespace davit::schedule
