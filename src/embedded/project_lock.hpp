#pragma once
// The lock under which the engine of a project begins and ends.

#include <functional>
#include <optional>
#include <string>

#include "davit/async/task.hpp"
#include "davit/async/timers.hpp"
#include "davit/base/fd.hpp"
#include "davit/state/database.hpp"
#include "embedded/paths.hpp"

namespace davit::embedded {

/// Makes the project's folder if need be and waits for the lock in it; free when the descriptor is closed. Who holds it
/// may start a keeper, or remove what a dead one left; a supervisor ends, and its keeper removes the folder, under it.
/// Throws Error when the folder cannot be made.
Task<Fd> lock_project(Paths paths);
/// The same; tells `notice`, if there is one, what it waits for when that takes some seconds.
Task<Fd> lock_project(Paths paths, Timers& timers, std::function<void(const std::string&)> notice);

/// The lock if nobody has it; an empty descriptor otherwise. Makes no folder. Throws Error when the lock cannot be
/// opened or taken.
[[nodiscard]] Fd try_lock_project(const Paths& paths);

/// Removes the run folder if nothing but the lock was ever put there. Under the lock, and when there is no keeper.
void forget_unused(const Paths& paths) noexcept;

/// True if a keeper holds its lock in the project's folder, or was killed and holds it for a moment more. Not of a
/// folder that belongs to another user. Throws Error when it cannot be found out.
[[nodiscard]] bool keeper_is_alive(const Paths& paths);

/// Waits until no keeper holds its lock. Throws Error when it cannot be waited for.
Task<void> until_keeper_gone(Paths paths);

/// The run root below which a living keeper serves this project of the same data root, if that is another one: what the
/// database says of the project's containers is that keeper's. nullopt: there is none.
[[nodiscard]] std::optional<std::string> served_elsewhere(const Paths& paths, state::Database& database);

}  // namespace davit::embedded
