#pragma once
// What a command that failed half way takes back.

#include <string>
#include <vector>

#include "davit/engine/observed.hpp"
#include "davit/plan/plan.hpp"

namespace davit::plan {

/// The networks that a failed plan made for nothing: those it creates that are there now, in a project without any
/// container. As soon as there is one, everything stays and the command run again finishes the job. Volumes always stay.
[[nodiscard]] std::vector<std::string> networks_to_take_back(const Plan& plan, const engine::Observed& observed);

}  // namespace davit::plan
