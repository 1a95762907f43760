#include "davit/plan/take_back.hpp"

#include <algorithm>

namespace davit::plan {

std::vector<std::string> networks_to_take_back(const Plan& plan, const engine::Observed& observed) {
  std::vector<std::string> out;
  if (!observed.containers.empty()) return out;
  for (const Step& step : plan.steps) {
    const auto* create = std::get_if<CreateNetwork>(&step.operation);
    if (create == nullptr) continue;
    const auto is_it = [create](const engine::ObservedNetwork& network) { return network.name == create->spec.name; };
    if (std::any_of(observed.networks.begin(), observed.networks.end(), is_it)) out.push_back(create->spec.name);
  }
  return out;
}

}  // namespace davit::plan
