#pragma once
// Which services an attached `up` shows, and whose end ends it. Pure.

#include <map>
#include <set>
#include <string>

#include "davit/base/result.hpp"
#include "davit/model/project.hpp"
#include "davit/plan/plan.hpp"
#include "up_options.hpp"

namespace davit::cli {

/// docker compose's rule: those of --attach; else those named on the command line (all when none is), with
/// --attach-dependencies what they depend on too, but not those with `attach: false`; never those of --no-attach. When
/// that leaves none, all are shown. Errors: --attach names a service that is not started.
[[nodiscard]] Result<std::set<std::string>> attached_services(const model::Project& project, const UpFlags& flags);

/// The containers of the plan whose ends decide about the end of `up`, with their services: those of the services named
/// on the command line, or, when none is, of those that are shown; and always that of --exit-code-from.
[[nodiscard]] std::map<std::string, std::string> watched_containers(const plan::Plan& plan, const UpFlags& flags,
                                                                    const std::set<std::string>& attached);

}  // namespace davit::cli
