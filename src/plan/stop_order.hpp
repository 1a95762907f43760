#pragma once
// Stopping against the order of the dependencies: dependants first, the rest side by side.

#include <map>
#include <string>
#include <vector>

#include "davit/engine/observed.hpp"
#include "davit/model/project.hpp"
#include "plan_builder.hpp"

namespace davit::plan {

class StopOrder {
 public:
  StopOrder(const model::Project& project, PlanBuilder& builder) : project_(project), builder_(builder) {}

  SlotId slot(const engine::ObservedContainer& container);
  StepId stop(SlotId slot, const engine::ObservedContainer& container, std::optional<std::chrono::nanoseconds> grace,
              const std::string& cause);
  /// Adds the edges between all stops so far. A dependant that cannot be stopped keeps nothing else from it.
  void connect();

 private:
  const model::Project& project_;
  PlanBuilder& builder_;
  std::map<std::string, std::vector<StepId>> stops_;  ///< by service
};

}  // namespace davit::plan
