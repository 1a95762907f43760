#pragma once
// The process that serves one project.

#include "davit/embedded/options.hpp"

namespace davit::embedded {

/// Runs the supervisor of a project until its last container and network are gone; the program `davit supervisor`
/// (hidden) is nothing but this call. Must be started by davit-keeper, in its mount namespace. Returns the exit code of
/// the process: 0 for an orderly end, 78 when another attempt cannot help (the reason went to the log and to whoever
/// waits for readiness). Uses of `options`: project, data_root, run_root.
[[nodiscard]] int run_supervisor(const EngineOptions& options);

}  // namespace davit::embedded
