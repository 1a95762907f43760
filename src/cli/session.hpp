#pragma once
// One command at work: the event loop, the engine of the project, time, signals.

#include <memory>
#include <string>

#include "context.hpp"
#include "davit/async/task.hpp"
#include "davit/async/timers.hpp"
#include "davit/embedded/client.hpp"
#include "davit/runtime/runtime.hpp"

namespace davit::cli {

class Session {
 public:
  /// `project` is the project's name; `cause` is what the journal says led to the changes: "davit up".
  Session(Context& context, std::string project, const std::string& cause);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  [[nodiscard]] embedded::EmbeddedEngine& engine() { return engine_; }
  [[nodiscard]] const embedded::EngineOptions& engine_options() const { return engine_options_; }
  [[nodiscard]] Timers& timers() { return timers_; }
  [[nodiscard]] asio::io_context& loop() { return loop_; }
  [[nodiscard]] Context& context() { return context_; }
  [[nodiscard]] const std::string& project() const { return project_; }

  /// Runs the command to its end on the loop of this session and returns its exit code. SIGINT and SIGTERM cancel it;
  /// then the exit code is 130, as docker compose's.
  int run(Task<int> command);

  /// For a command that answers signals itself (attached `up`, `run`): from now until the session ends they go there.
  [[nodiscard]] runtime::Interrupts& interrupts();

  /// For a command whose rest blocks and needs no orderly end: from now on SIGINT and SIGTERM end the program, as they
  /// do one that never asked for them.
  void give_up_signals();

 private:
  class Signals;
  Context& context_;
  std::string project_;
  asio::io_context loop_{1};
  SteadyTimers timers_;
  std::unique_ptr<Signals> signals_;
  embedded::EngineOptions engine_options_;
  embedded::EmbeddedEngine engine_;
};

}  // namespace davit::cli
