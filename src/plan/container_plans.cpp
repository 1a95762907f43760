// The commands on containers that exist: start, stop, restart, kill, rm, pause, unpause.

#include <fmt/format.h>

#include "davit/plan/hooks.hpp"
#include "davit/plan/make_plan.hpp"
#include "selection.hpp"
#include "stop_order.hpp"
#include "up_planner.hpp"

namespace davit::plan {

using engine::ContainerState;
using engine::ObservedContainer;

SlotId StopOrder::slot(const ObservedContainer& container) {
  return builder_.add_slot({.name = container.name,
                            .service = container.service,
                            .number = container.number,
                            .existing = container.id,
                            .state = container.state,
                            .health = container.health,
                            .exit_code = container.exit_code});
}

StepId StopOrder::stop(SlotId slot, const ObservedContainer& container, std::optional<std::chrono::nanoseconds> grace,
                       const std::string& cause) {
  const StepId step =
      builder_.add({.resource = {ResourceId::Kind::Service, container.service, container.number},
                    .operation = StopContainer{{slot, container.id}, grace, pre_stop_hooks_of(project_, container)},
                    .cause = cause});
  stops_[container.service].push_back(step);
  return step;
}

void StopOrder::connect() {
  for (const auto& [name, dependants] : stops_) {
    const auto service = project_.services.find(name);
    if (service == project_.services.end()) continue;
    for (const auto& [dependency, how] : service->second.depends_on) {
      const auto later = stops_.find(dependency);
      if (later == stops_.end()) continue;
      for (const StepId after : later->second)
        for (const StepId first : dependants) builder_.edge(after, first, Edge::Kind::Tolerates);
    }
  }
}

namespace {

/// The containers of `up` of these services; one-offs are left alone.
std::vector<const ObservedContainer*> containers_of(const engine::Observed& observed,
                                                    const std::set<std::string>& services) {
  std::vector<const ObservedContainer*> out;
  for (const ObservedContainer& c : observed.containers)
    if (!c.one_off && services.contains(c.service)) out.push_back(&c);
  return out;
}

/// One step for each container that `wanted` accepts, all side by side.
template <class Wanted, class MakeOperation>
Result<Plan, Diagnostics> plan_each(const model::Project& project, const engine::Observed& observed,
                                    const ContainerOptions& options, const char* cause, Wanted wanted,
                                    MakeOperation make_operation) {
  auto selected = select_services(project, options.services, Dependencies::Without);
  if (!selected) return selected.error();
  PlanBuilder builder(project.name);
  builder.plan().on_failure = OnFailure::Continue;
  StopOrder slots(project, builder);
  for (const ObservedContainer* c : containers_of(observed, *selected)) {
    if (!wanted(*c)) continue;
    builder.add({.resource = {ResourceId::Kind::Service, c->service, c->number},
                 .operation = make_operation(Target{slots.slot(*c), c->id}),
                 .cause = cause});
  }
  return builder.finish();
}

/// The selected services and, through `restart: true`, their dependants.
std::set<std::string> with_restarted_dependants(const model::Project& project, std::set<std::string> selected) {
  std::map<std::string, std::vector<std::string>> dependants;
  for (const auto& [name, service] : project.services)
    for (const auto& [dependency, how] : service.depends_on)
      if (how.restart) dependants[dependency].push_back(name);
  std::vector<std::string> open(selected.begin(), selected.end());
  while (!open.empty()) {
    const std::string name = std::move(open.back());
    open.pop_back();
    for (const std::string& dependant : dependants[name])
      if (selected.insert(dependant).second) open.push_back(dependant);
  }
  return selected;
}

}  // namespace

Result<Plan, Diagnostics> make_start_plan(const model::Project& project, const engine::Observed& observed,
                                          const ContainerOptions& options) {
  auto selected = select_services(project, options.services, options.dependencies);
  if (!selected) return selected.error();
  const std::set<std::string> named =
      options.services.empty() ? *selected : std::set<std::string>(options.services.begin(), options.services.end());
  UpOptions up;
  up.wait = options.wait;
  up.orphans = Orphans::Ignore;
  UpPlanner planner(project, observed, up);
  Diagnostics problems = planner.plan_existing(*selected, named);
  if (problems.has_errors()) return problems;
  return planner.finish();
}

Result<Plan, Diagnostics> make_stop_plan(const model::Project& project, const engine::Observed& observed,
                                         const ContainerOptions& options) {
  auto selected = select_services(project, options.services, Dependencies::Without);
  if (!selected) return selected.error();
  PlanBuilder builder(project.name);
  builder.plan().on_failure = OnFailure::Continue;
  StopOrder order(project, builder);
  for (const ObservedContainer* c : containers_of(observed, *selected))
    if (is_up(*c)) order.stop(order.slot(*c), *c, options.grace, "stop");
  order.connect();
  return builder.finish();
}

Result<Plan, Diagnostics> make_restart_plan(const model::Project& project, const engine::Observed& observed,
                                            const ContainerOptions& options) {
  auto selected = select_services(project, options.services, Dependencies::Without);
  if (!selected) return selected.error();
  const std::set<std::string> named = *selected;
  if (options.dependencies == Dependencies::With) *selected = with_restarted_dependants(project, *std::move(selected));
  PlanBuilder builder(project.name);
  StopOrder slots(project, builder);
  const ObservedIndex index(observed);
  std::map<std::string, std::vector<StepId>> steps;
  for (const model::Service* service : in_dependency_order(project, *selected)) {
    std::vector<Edge> after;
    for (const auto& [dependency, how] : service->depends_on)
      for (const StepId step : steps[dependency]) after.push_back({step});
    for (const ObservedContainer* c : index.of(service->name)) {
      const bool asked = named.contains(service->name);
      if (!asked && !is_up(*c)) continue;
      steps[service->name].push_back(
          builder.add({.resource = {ResourceId::Kind::Service, service->name, c->number},
                       .operation = RestartContainer{{slots.slot(*c), c->id}, options.grace, borrow(*service)},
                       .cause = asked ? "restart" : "a dependency is restarted",
                       .after = after,
                       .where = service->where.name}));
    }
  }
  return builder.finish();
}

/// One-offs too: docker compose kills them, though it does not stop them.
Result<Plan, Diagnostics> make_kill_plan(const model::Project& project, const engine::Observed& observed,
                                         const ContainerOptions& options) {
  auto selected = select_services(project, options.services, Dependencies::Without);
  if (!selected) return selected.error();
  PlanBuilder builder(project.name);
  builder.plan().on_failure = OnFailure::Continue;
  StopOrder slots(project, builder);
  for (const ObservedContainer& c : observed.containers) {
    const bool orphan = options.orphans == Orphans::Remove && options.services.empty() &&
                        !project.services.contains(c.service) && !project.disabled_services.contains(c.service);
    if (!is_up(c) || (!selected->contains(c.service) && !orphan)) continue;
    builder.add({.resource = {ResourceId::Kind::Service, c.service, c.number},
                 .operation = KillContainer{{slots.slot(c), c.id}, options.signal},
                 .cause = orphan ? "kill --remove-orphans" : "kill"});
  }
  return builder.finish();
}

Result<Plan, Diagnostics> make_remove_plan(const model::Project& project, const engine::Observed& observed,
                                           const ContainerOptions& options) {
  auto selected = select_services(project, options.services, Dependencies::Without);
  if (!selected) return selected.error();
  PlanBuilder builder(project.name);
  builder.plan().on_failure = OnFailure::Continue;
  StopOrder order(project, builder);
  for (const ObservedContainer* c : containers_of(observed, *selected)) {
    if (is_up(*c) && options.stop == ContainerOptions::Stop::No) continue;
    const SlotId slot = order.slot(*c);
    const StepId stop = is_up(*c) ? order.stop(slot, *c, options.grace, "rm --stop") : 0;
    builder.add({.resource = {ResourceId::Kind::Service, c->service, c->number},
                 .operation = RemoveContainer{{slot, c->id}, options.volumes},
                 .cause = "rm",
                 .after = {{stop}}});
  }
  order.connect();
  return builder.finish();
}

Result<Plan, Diagnostics> make_pause_plan(const model::Project& project, const engine::Observed& observed,
                                          const ContainerOptions& options) {
  return plan_each(project, observed, options, "pause", is_up, [](Target t) { return PauseContainer{std::move(t)}; });
}

Result<Plan, Diagnostics> make_unpause_plan(const model::Project& project, const engine::Observed& observed,
                                            const ContainerOptions& options) {
  return plan_each(project, observed, options, "unpause", is_up,
                   [](Target t) { return UnpauseContainer{std::move(t)}; });
}

}  // namespace davit::plan
