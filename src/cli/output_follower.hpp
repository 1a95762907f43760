#pragma once
// The output of a project's containers on standard output and standard error: `logs`, and what an attached `up` shows.

#include <cstdint>
#include <functional>
#include <memory>

#include "davit/async/task.hpp"
#include "davit/logs/follower.hpp"
#include "session.hpp"

namespace davit::cli {

struct FollowOptions {
  logs::PrintOptions print;
  logs::LogFollower::Routing routing = logs::LogFollower::Routing::ByStream;
  /// Whose output is shown; empty: everybody's.
  std::function<bool(const engine::ObservedContainer&)> wanted;
  /// Whose end is told ("web-1 exited with code 0") although the output is not shown; empty: nobody's.
  std::function<bool(const engine::Event&)> noted;
};

/// Shows the log files of containers, and goes on while they grow. Containers that start later are shown from their
/// beginning; one that is started again, or made anew, goes on under its name.
class OutputFollower {
 public:
  using Watch = logs::LogFollower::Watch;

  OutputFollower(Session& session, FollowOptions options);
  ~OutputFollower();
  OutputFollower(const OutputFollower&) = delete;
  OutputFollower& operator=(const OutputFollower&) = delete;

  /// The containers that are there, with what `read` wants of what they have written. Watch::Yes when follow() comes
  /// after it.
  void add(const engine::Observed& observed, const logs::ReadOptions& read, Watch watch);
  /// One that was made and is not started yet: it will be shown from its beginning, and misses nothing however soon its
  /// log is rotated. For follow().
  void add(const runtime::MadeContainer& made);
  /// Prints what is there.
  void show();
  /// Prints a line that a lifecycle hook of a container has written: "db-1 ->  | text", as docker compose.
  void tell_hook(const std::string& container, const std::string& line);
  /// Prints until it is cancelled, or, with Until::NoneLives, until the last container that is shown has ended for
  /// good: one that the user stopped may be started again at once, by a restart or a recreation.
  enum class Until { Cancelled, NoneLives };
  Task<void> follow(std::int64_t since_event, Until until);
  /// After that: what has happened and been written meanwhile.
  Task<void> finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace davit::cli
