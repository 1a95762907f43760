#include "plan_builder.hpp"

#include <algorithm>
#include <functional>
#include <queue>

namespace davit::plan {
namespace {

/// One edge for each pair of steps; the stricter kind wins.
void tidy(std::vector<Edge>& edges) {
  std::sort(edges.begin(), edges.end(), [](const Edge& a, const Edge& b) {
    return a.step != b.step ? a.step < b.step : a.kind < b.kind;  // Needs stands first
  });
  edges.erase(std::unique(edges.begin(), edges.end(), [](const Edge& a, const Edge& b) { return a.step == b.step; }),
              edges.end());
}

}  // namespace

SlotId PlanBuilder::add_slot(Slot slot) {
  plan_.slots.push_back(std::move(slot));
  return static_cast<SlotId>(plan_.slots.size() - 1);
}

StepId PlanBuilder::add(Step step) {
  std::erase_if(step.after, [](const Edge& edge) { return edge.step == 0; });
  step.id = static_cast<StepId>(plan_.steps.size() + 1);
  plan_.steps.push_back(std::move(step));
  return plan_.steps.back().id;
}

void PlanBuilder::edge(StepId later, StepId earlier, Edge::Kind kind) {
  if (later != 0 && earlier != 0) step(later).after.push_back({earlier, kind});
}

Plan PlanBuilder::finish() {
  const std::size_t count = plan_.steps.size();
  std::vector<std::size_t> missing(count + 1, 0);
  std::vector<std::vector<StepId>> dependants(count + 1);
  for (Step& s : plan_.steps) {
    tidy(s.after);
    missing[s.id] = s.after.size();
    for (const Edge& e : s.after) dependants[e.step].push_back(s.id);
  }
  std::priority_queue<StepId, std::vector<StepId>, std::greater<>> ready;
  for (const Step& s : plan_.steps)
    if (missing[s.id] == 0) ready.push(s.id);
  std::vector<StepId> number(count + 1, 0);  // new by old
  std::vector<Step> ordered;
  ordered.reserve(count);
  while (!ready.empty()) {
    const StepId old = ready.top();
    ready.pop();
    ordered.push_back(std::move(plan_.steps[old - 1]));
    number[old] = static_cast<StepId>(ordered.size());
    for (const StepId next : dependants[old])
      if (--missing[next] == 0) ready.push(next);
  }
  if (ordered.size() != count) throw Error("the steps of this plan wait for each other in a circle");
  for (Step& s : ordered) {
    s.id = number[s.id];
    for (Edge& e : s.after) e.step = number[e.step];
    std::sort(s.after.begin(), s.after.end(), [](const Edge& a, const Edge& b) { return a.step < b.step; });
  }
  plan_.steps = std::move(ordered);
  return std::move(plan_);
}

}  // namespace davit::plan
