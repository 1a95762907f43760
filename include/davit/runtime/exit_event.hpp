#pragma once
// The end of a container as the journal tells it.

#include <cstdlib>
#include <optional>

#include "davit/engine/observed.hpp"

namespace davit::runtime {

struct ExitEvent {
  int code = 0;
  bool restarting = false;  ///< its policy starts it again
};

/// nullopt for any other event. A container that is stopped while it waits to be started again has ended before, and so
/// has one whose restart fails: then the stop tells the code, or the failure.
[[nodiscard]] inline std::optional<ExitEvent> exit_of(const engine::Event& event) {
  const auto code = event.attributes.find("exitCode");
  const bool told = code != event.attributes.end() && (event.action == "stop" || event.action == "start-failed");
  if (event.type != "container" || (event.action != "die" && !told)) return std::nullopt;
  return ExitEvent{code == event.attributes.end() ? 0 : std::atoi(code->second.c_str()),
                   event.attributes.contains("restarting")};
}

}  // namespace davit::runtime
