// Starting in the order of the dependencies, and waiting for their conditions (compose-semantics 3.5).

#include <fmt/format.h>

#include <algorithm>

#include "davit/plan/labels.hpp"
#include "up_planner.hpp"

namespace davit::plan {
namespace {

using engine::ContainerState;
using engine::ObservedContainer;

bool is_running(const Replica& replica) {
  return replica.existing != nullptr && is_up(*replica.existing) && replica.existing->state != ContainerState::Paused;
}

engine::ReadyLimits ready_limits(const model::Service& service) {
  engine::ReadyLimits limits;
  if (service.x_davit.listen_timeout) limits.listen = *service.x_davit.listen_timeout;
  return limits;
}

/// nullopt: the start alone counts.
std::optional<Condition> condition_of(const model::Dependency& dependency) {
  switch (dependency.condition) {
    case model::DependencyCondition::Healthy:
      return Condition::Healthy;
    case model::DependencyCondition::CompletedSuccessfully:
      return Condition::CompletedSuccessfully;
    case model::DependencyCondition::Started:
      break;
  }
  return std::nullopt;
}

/// It is not left as it is.
bool needs_start(const Replica& replica) {
  return replica.ready != 0 || !is_running(replica);
}

}  // namespace

std::string UpPlanner::why_start(const Replica& replica) const {
  if (replica.create != 0) return replica.existing == nullptr ? "new container" : "recreated container";
  if (replica.stop != 0) return builder_.step(replica.stop).cause;
  const ObservedContainer& c = *replica.existing;
  if (c.state == ContainerState::Paused) return "paused";
  if (c.state == ContainerState::Exited) return fmt::format("not running: exited ({})", c.exit_code);
  return "not running";
}

void UpPlanner::plan_start(ServicePlan& plan) {
  if (plan.replicas.empty()) return;
  const bool any = std::any_of(plan.replicas.begin(), plan.replicas.end(), needs_start);
  if (!any) return await_dependencies(*plan.service);
  const std::vector<Edge> before = before_start(*plan.service);
  for (Replica& replica : plan.replicas) {
    if (!needs_start(replica)) continue;
    // A rename of a container that runs is all it needs.
    if (is_running(replica) && replica.create == 0 && replica.stop == 0) continue;
    Step step{.resource = {ResourceId::Kind::Service, plan.service->name, replica.number},
              .operation = StartContainer{replica.slot(), borrow(*plan.service)},
              .cause = why_start(replica),
              .after = before,
              .where = plan.service->where.name};
    const bool paused = replica.existing != nullptr && replica.existing->state == ContainerState::Paused;
    if (paused && replica.ready == 0) step.operation = UnpauseContainer{{replica.slot(), replica.existing->id}};
    if (is_running(replica)) step.only_if_changed = replica.start_guards;
    if (replica.stop != 0) step.when_stopping = WhenStopping::Run;
    step.after.push_back({replica.ready});
    for (const auto& [key, attachment] : plan.service->networks) {
      const auto network = network_steps_.find(key);
      if (network != network_steps_.end()) step.after.push_back({network->second});
    }
    replica.start = builder_.add(std::move(step));
  }
}

/// The conditions hold for what runs already, too: a job that fails or a database that is ill fails the command.
void UpPlanner::await_dependencies(const model::Service& service) {
  for (const auto& [name, how] : service.depends_on) {
    const auto found = services_.find(name);
    const auto condition = condition_of(how);
    if (found != services_.end() && how.required && condition)
      (void)wait_for(found->second, *condition, fmt::format("'{}' depends on it", service.name), how.where);
  }
}

std::vector<Edge> UpPlanner::before_start(const model::Service& service) {
  std::vector<Edge> after;
  for (const auto& [name, how] : service.depends_on) {
    const auto found = services_.find(name);
    if (found == services_.end()) continue;  // disabled, or left out by --no-deps
    const auto kind = how.required ? Edge::Kind::Needs : Edge::Kind::Tolerates;
    const auto condition = condition_of(how);
    if (!condition) {
      for (const Replica& replica : found->second.replicas)
        if (replica.start != 0) after.push_back({replica.start, kind});
      continue;
    }
    const StepId wait = wait_for(found->second, *condition, fmt::format("'{}' depends on it", service.name), how.where);
    if (wait != 0) after.push_back({wait, kind});
  }
  return after;
}

StepId UpPlanner::wait_for(ServicePlan& dependency, Condition condition, const std::string& cause, const Span& where) {
  if (const auto planned = dependency.waits.find(condition); planned != dependency.waits.end()) return planned->second;
  WaitFor wait{dependency.service->name, condition, {}, ready_limits(*dependency.service)};
  std::vector<Edge> after;
  bool already = condition == Condition::Healthy;
  for (const Replica& replica : dependency.replicas) {
    wait.slots.push_back(replica.slot());
    after.push_back({replica.start});
    const bool healthy = replica.existing != nullptr && replica.existing->health == engine::Health::Healthy;
    if (replica.start != 0 || !healthy) already = false;
  }
  if (already || wait.slots.empty()) return dependency.waits[condition] = 0;
  return dependency.waits[condition] = builder_.add({.resource = {ResourceId::Kind::Service, dependency.service->name},
                                                     .operation = std::move(wait),
                                                     .cause = cause,
                                                     .after = std::move(after),
                                                     .where = where});
}

/// The containers on a network that is replaced stop before and start after, as they are.
void UpPlanner::restart_for_networks() {
  if (replaced_networks_.empty()) return;
  for (const ObservedContainer& container : observed_.containers) {
    if (!is_up(container) || container.one_off) continue;
    for (const auto& attachment : container.networks) {
      const auto removal = replaced_networks_.find(attachment.network);
      if (removal == replaced_networks_.end()) continue;
      const auto gone = removed_.find(container.id);
      if (gone != removed_.end()) {
        builder_.edge(removal->second, gone->second);
        continue;
      }
      restart_for_network(removal->first, removal->second, container);
    }
  }
}

void UpPlanner::restart_for_network(const std::string& network, StepId removal, const ObservedContainer& container) {
  const std::string cause = fmt::format("network '{}' is recreated", network);
  if (const auto planned = services_.find(container.service); planned != services_.end()) {
    for (Replica& replica : planned->second.replicas) {
      if (replica.existing != &container) continue;
      if (replica.stop == 0) {
        replica.stop = stop(replica.slot(), container, cause, planned->second.service->where.name);
        replica.ready = replica.stop;
      } else if (replica.create == 0) {
        builder_.step(replica.stop).only_if_changed.clear();
        replica.start_guards.clear();
      }
      return builder_.edge(removal, replica.stop);
    }
    return;
  }
  const SlotId slot = builder_.add_slot({.name = container.name,
                                         .service = container.service,
                                         .number = container.number,
                                         .existing = container.id,
                                         .state = container.state,
                                         .health = container.health});
  builder_.edge(removal, stop(slot, container, cause, {}));
  if (options_.start == UpOptions::Start::No) return;
  std::vector<Edge> after;
  for (const auto& [key, step] : network_steps_) after.push_back({step});
  builder_.add({.resource = {ResourceId::Kind::Service, container.service, container.number},
                .operation = StartContainer{slot, nullptr},
                .cause = cause,
                .after = std::move(after),
                .when_stopping = WhenStopping::Run});
}

void UpPlanner::plan_orphans() {
  const auto orphans = orphans_of(project_, observed_);
  if (orphans.empty() || options_.orphans == Orphans::Ignore) return;
  if (options_.orphans == Orphans::Warn) {
    builder_.plan().warnings.push_back(orphan_warning(orphans));
    return;
  }
  for (const ObservedContainer* orphan : orphans)
    if (!removed_.contains(orphan->id))
      remove(*orphan, orphan->one_off ? "a one-off that has ended" : "its service is not in the project", {});
}

}  // namespace davit::plan
