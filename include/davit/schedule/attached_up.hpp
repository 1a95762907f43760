#pragma once
// When an attached `up` ends, with which exit code, and what Ctrl-C does (compose-semantics 1.6, 1.7).

#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace davit::schedule {

class AttachedUp {
 public:
  enum class Abort { No, OnExit, OnFailure };
  struct Options {
    Abort abort = Abort::No;
    std::string exit_code_from;                  ///< service; empty: none
    std::map<std::string, std::string> watched;  ///< service by container name: those whose end counts
  };

  // What happened.
  enum class Restarting { No, Yes };
  struct ContainerExited {
    std::string container;  ///< name
    std::string service;
    int code = 0;
    Restarting restarting = Restarting::No;  ///< its restart policy starts it again: not an end
  };
  struct ContainerStarted {
    std::string container;
    std::string service;
  };
  /// Ctrl-C, SIGTERM.
  struct Signal {};
  /// None of the watched containers exists (any more): another command has removed them.
  struct NobodyLeft {};
  /// What StopAll or KillAll asked for has ended.
  struct StopEnded {};
  using Event = std::variant<ContainerExited, ContainerStarted, Signal, NobodyLeft, StopEnded>;

  // What to do.
  struct Say {
    std::string text;
    friend bool operator==(const Say&, const Say&) = default;
  };
  struct StopAll {
    friend bool operator==(const StopAll&, const StopAll&) = default;
  };
  struct KillAll {
    friend bool operator==(const KillAll&, const KillAll&) = default;
  };
  struct Finish {
    int exit_code = 0;
    friend bool operator==(const Finish&, const Finish&) = default;
  };
  using Action = std::variant<Say, StopAll, KillAll, Finish>;

  explicit AttachedUp(Options options);

  [[nodiscard]] std::vector<Action> resume(const Event& event);

 private:
  enum class Phase { Running, Stopping, Killing, Done };

  void exited(const ContainerExited& event, std::vector<Action>& actions);
  void signalled(std::vector<Action>& actions);
  void finish(std::vector<Action>& actions);
  [[nodiscard]] bool ends_everything(const ContainerExited& event) const;

  Options options_;
  Phase phase_ = Phase::Running;
  bool interrupted_ = false;
  std::set<std::string> alive_;
  std::optional<int> first_code_;  ///< of the container that ended everything
  std::optional<int> code_from_;   ///< of the service of --exit-code-from
};

}  // namespace davit::schedule
