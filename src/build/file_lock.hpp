#pragma once
// Locks that processes of several builds share, as lock files. They end with the descriptor, so a dead build holds
// none.

#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "davit/base/fd.hpp"

namespace davit::build {

/// The lock of the file, which is made if it is missing; nullopt when somebody has it. Throws davit::Error.
[[nodiscard]] std::optional<Fd> try_file_lock(const std::string& path);

/// Waits until nobody else has it; `waits` is called once if that is not at once. nullopt after a stop: then the lock
/// is not held. Throws davit::Error.
[[nodiscard]] std::optional<Fd> wait_for_file_lock(const std::string& path, const std::stop_token& stop,
                                                   const std::function<void()>& waits);

}  // namespace davit::build
