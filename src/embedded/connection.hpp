#pragma once
// Reaching the supervisor of a project: the one that runs, or a new one.

#include <memory>
#include <string>

#include "davit/async/task.hpp"
#include "davit/async/timers.hpp"
#include "davit/base/fd.hpp"
#include "davit/embedded/options.hpp"
#include "embedded/http_client.hpp"
#include "embedded/paths.hpp"

namespace davit::embedded {

/// Connects to the supervisor if a keeper serves the project. Under the project's lock: then false means that there is
/// no keeper, and none is on its way out any more. Throws Error when that cannot be found out, and "keeper-unreachable"
/// when a keeper without a listener does not end.
Task<bool> connect_if_served(const Paths& paths, HttpClient& client, Timers& timers);

class Connection {
 public:
  Connection(EngineOptions options, Paths paths, Timers& timers);

  /// The answer, from a supervisor that is started if there is none. Sends again when a supervisor died meanwhile, or
  /// throws "supervisor-died" if the request says so. Throws what the supervisor answers as an error; "turn-lost"
  /// instead of starting one for a command with a turn.
  Task<std::string> act(HttpRequest request);
  /// The same without starting anything: nullopt when there is none.
  Task<std::optional<std::string>> ask(HttpRequest request);
  /// For a request that may never be answered: false when its connection breaks before. Sent once, and nothing is
  /// started for it. Throws what the supervisor refuses it with.
  Task<bool> hold(HttpRequest request);
  Task<std::unique_ptr<StdinStream>> attach(HttpRequest request);
  void close_idle() { client_.close_idle(); }
  /// False: nobody has ever answered, or taken a connection under the lock.
  [[nodiscard]] bool was_connected() const { return client_.was_connected(); }
  /// Goes with every request from now on; empty: none.
  void set_turn(std::string id) { turn_ = std::move(id); }

 private:
  Task<void> start_if_none();
  void note_broken(HttpRequest& request, std::int64_t sent) const;
  Task<void> start(const Fd& lock);
  Task<std::string> until_ready(Fd pipe);

  EngineOptions options_;
  Paths paths_;
  Timers& timers_;
  HttpClient client_;
  std::string turn_;
};

}  // namespace davit::embedded
