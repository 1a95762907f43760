#pragma once
// Flags of `up` that exclude one another, checked before any work (compose-semantics 1.5).

#include <optional>
#include <string>

#include "davit/base/diagnostic.hpp"

namespace davit::plan {

/// What was written on the command line, before anything is implied.
struct UpFlags {
  bool detach = false;
  bool wait = false;
  bool attach = false;  ///< --attach was given
  bool attach_dependencies = false;
  bool abort_on_container_exit = false;
  bool abort_on_container_failure = false;
  std::string exit_code_from;
  bool watch = false;
  bool build = false;
  bool no_build = false;
  bool force_recreate = false;
  bool always_recreate_deps = false;
  bool renew_anonymous_volumes = false;
  bool no_recreate = false;
  bool no_start = false;
  bool remove_orphans = false;
  bool ignore_orphans = false;  ///< COMPOSE_IGNORE_ORPHANS
};

/// Sets what flags imply: --exit-code-from aborts on exit, --wait detaches.
void apply_implications(UpFlags& flags);

/// The first conflict; call it after apply_implications().
[[nodiscard]] std::optional<Diagnostic> check_flags(const UpFlags& flags);

}  // namespace davit::plan
