#include <fmt/format.h>

#include "davit/plan/make_plan.hpp"
#include "up_planner.hpp"

namespace davit::plan {

Diagnostics UpPlanner::plan_services(const std::set<std::string>& selected, const std::set<std::string>& named,
                                     const model::Service* also) {
  order_ = in_dependency_order(project_, selected);
  std::vector<const model::Service*> users = order_;
  if (also != nullptr) users.push_back(also);
  check_services(users);
  if (problems_.has_errors()) return problems_;
  plan_images(users);
  plan_networks(users);
  plan_volumes(users);
  for (const model::Service* service : order_)
    plan_containers(*service, named.contains(service->name) ? ServicePlan::Named::Yes : ServicePlan::Named::No);
  plan_orphans();
  restart_for_networks();
  if (options_.start == UpOptions::Start::No) return problems_;
  for (const model::Service* service : order_) plan_start(services_[service->name]);
  if (options_.wait == UpOptions::Wait::Yes) await_named(named);
  return problems_;
}

void UpPlanner::await_named(const std::set<std::string>& named) {
  std::set<std::string> completed;  // services whose completion somebody awaits
  for (const auto& [name, service] : project_.services)
    for (const auto& [dependency, how] : service.depends_on)
      if (how.condition == model::DependencyCondition::CompletedSuccessfully) completed.insert(dependency);
  for (const model::Service* service : order_) {
    if (!named.contains(service->name)) continue;
    const Condition condition = completed.contains(service->name) ? Condition::UpOrCompleted : Condition::Up;
    (void)wait_for(services_[service->name], condition, "--wait", service->where.name);
  }
}

Diagnostics UpPlanner::plan_existing(const std::set<std::string>& selected, const std::set<std::string>& named) {
  order_ = in_dependency_order(project_, selected);
  for (const model::Service* service : order_) {
    ServicePlan& plan = services_[service->name];
    plan.service = service;
    plan.replicas = existing_replicas(plan);
    if (plan.replicas.empty() && replicas_of(*service) > 0 && named.contains(service->name))
      problems_.add(
          Diagnostic::error("no-container", fmt::format("service \"{}\" has no container to start", service->name))
              .with_hint("'davit up' makes it"));
    for (Replica& replica : plan.replicas)
      if (!replica.place) add_slot(plan, replica);
  }
  for (const model::Service* service : order_) plan_start(services_[service->name]);
  if (options_.wait == UpOptions::Wait::Yes) await_named(named);
  return problems_;
}

Plan UpPlanner::finish() {
  builder_.plan().images = options_.images;
  return builder_.finish();
}

Result<Plan, Diagnostics> make_up_plan(const model::Project& project, const engine::Observed& observed,
                                       const UpOptions& options) {
  auto selected = select_services(project, options.services, options.dependencies);
  if (!selected) return selected.error();
  if (selected->empty()) {
    Diagnostics problems;
    problems.add(Diagnostic::error("no-service", "no service selected"));
    return problems;
  }
  const std::set<std::string> named =
      options.services.empty() ? *selected : std::set<std::string>(options.services.begin(), options.services.end());
  UpPlanner planner(project, observed, options);
  Diagnostics problems = planner.plan_services(*selected, named);
  if (problems.has_errors()) {
    problems.sort_and_unique();
    return problems;
  }
  return planner.finish();
}

}  // namespace davit::plan
