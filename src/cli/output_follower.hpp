#pragma once
// The output of containers on standard output and standard error while a command runs: attached `up` and `run`.

#include <cstdint>
#include <functional>
#include <memory>

#include "davit/async/task.hpp"
#include "davit/logs/printer.hpp"
#include "session.hpp"

namespace davit::cli {

struct FollowOptions {
  logs::PrintOptions print;
  /// Whose output is shown; empty: everybody's.
  std::function<bool(const engine::ObservedContainer&)> wanted;
  enum class Notes { No, Exits };
  Notes notes = Notes::Exits;  ///< lines such as "web-1 exited with code 0"
};

/// Reads the log files of the project's containers as they grow. Only what is written from now on is shown: a container
/// that runs already is followed from the end of its log.
class OutputFollower {
 public:
  OutputFollower(Session& session, FollowOptions options);
  ~OutputFollower();
  OutputFollower(const OutputFollower&) = delete;
  OutputFollower& operator=(const OutputFollower&) = delete;

  /// Remembers where the logs of the containers end. Call before anything is started.
  Task<void> prepare();
  /// Prints until it is cancelled.
  Task<void> follow(std::int64_t since_event);
  /// After that: what has happened and been written meanwhile.
  Task<void> finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace davit::cli
