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

/// nullopt for any other event.
[[nodiscard]] inline std::optional<ExitEvent> exit_of(const engine::Event& event) {
  if (event.type != "container" || event.action != "die") return std::nullopt;
  const auto code = event.attributes.find("exitCode");
  return ExitEvent{code == event.attributes.end() ? 0 : std::atoi(code->second.c_str()),
                   event.attributes.contains("restarting")};
}

}  // namespace davit::runtime
