#pragma once
// Collects steps in any order and gives them out in an order in which each stands after those it needs.

#include "davit/plan/plan.hpp"

namespace davit::plan {

class PlanBuilder {
 public:
  explicit PlanBuilder(std::string project) { plan_.project = std::move(project); }

  SlotId add_slot(Slot slot);
  /// `step.after` may name any step that was added; its id is given here.
  StepId add(Step step);
  /// `later` comes after `earlier`. No step (0) is no edge.
  void edge(StepId later, StepId earlier, Edge::Kind kind = Edge::Kind::Needs);

  [[nodiscard]] Step& step(StepId id) { return plan_.steps[id - 1]; }
  [[nodiscard]] const Step& step(StepId id) const { return plan_.steps[id - 1]; }
  [[nodiscard]] Plan& plan() { return plan_; }

  /// Steps renumbered so that edges lead back; otherwise in the order of adding. Throws Error for a cycle.
  [[nodiscard]] Plan finish();

 private:
  Plan plan_;
};

}  // namespace davit::plan
