#pragma once
// Lifecycle hooks of a service: `post_start` and `pre_stop`, which docker compose, and davit, run by exec.

#include <string>

#include "davit/engine/engine.hpp"
#include "davit/engine/observed.hpp"
#include "davit/model/service.hpp"
#include "davit/plan/plan.hpp"

namespace davit::plan {

/// What the engine runs for a hook. A variable without a value is taken away from those of the container, as Docker
/// does.
[[nodiscard]] engine::Program hook_program(const model::Hook& hook);

/// Whose pre_stop hooks are to be run in this container before it is stopped: its service's, if the project has it and
/// the container runs. In a paused one nothing can be run. Points into the project.
[[nodiscard]] ServicePtr pre_stop_hooks_of(const model::Project& project, const engine::ObservedContainer& container);

/// "1 pre_stop hook and 2 post_start hooks" of a step; empty: it has none.
[[nodiscard]] std::string hooks_text(const Operation& operation);

}  // namespace davit::plan
