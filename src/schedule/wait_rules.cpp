#include <fmt/format.h>

#include "davit/schedule/scheduler.hpp"

namespace davit::schedule {
namespace {

using engine::ContainerState;
using engine::Health;
using plan::Condition;
using Judgement = std::variant<WaitState, WaitFailure>;

bool has_ended(const ContainerFacts& facts) {
  return facts.state == ContainerState::Exited || facts.state == ContainerState::Dead;
}

/// docker compose's words: those who wait for a dependency hear so, `up --wait` hears of the container alone.
WaitFailure failure(Condition condition, plan::SlotId slot, std::string what) {
  const char* const prefix = condition == Condition::Healthy ? "dependency failed to start: " : "";
  return {prefix + std::move(what), slot};
}

/// One container that is to be healthy, or ready when it has no probe and `Up` is awaited.
Judgement judge_up(Condition condition, const plan::Slot& slot, plan::SlotId id, const ContainerFacts& facts) {
  if (has_ended(facts)) {
    if (condition == Condition::UpOrCompleted && facts.exit_code == 0) return WaitState::Fulfilled;
    return failure(condition, id, fmt::format("container {} exited ({})", slot.name, facts.exit_code));
  }
  if (facts.state == ContainerState::Running && facts.probe == ContainerFacts::Probe::None) {
    if (condition == Condition::Healthy)
      return failure(condition, id, fmt::format("container {} has no healthcheck configured", slot.name));
    return facts.ready == ContainerFacts::Ready::Yes ? WaitState::Fulfilled : WaitState::Pending;
  }
  if (facts.state == ContainerState::Restarting && facts.ends_in_vain > 0)
    return failure(condition, id,
                   fmt::format("container {} exited ({}) again and again: {} times while it was awaited", slot.name,
                               facts.exit_code, facts.ends_in_vain));
  if (facts.health == Health::Unhealthy)
    return failure(condition, id, fmt::format("container {} is unhealthy", slot.name));
  const bool healthy = facts.state == ContainerState::Running && facts.health == Health::Healthy;
  return healthy ? WaitState::Fulfilled : WaitState::Pending;
}

/// The first replica that has ended decides.
Judgement judge_completed(const plan::WaitFor& wait, const std::vector<ContainerFacts>& facts) {
  for (const plan::SlotId id : wait.slots) {
    if (!has_ended(facts[id])) continue;
    if (facts[id].exit_code == 0) return WaitState::Fulfilled;
    return WaitFailure{
        fmt::format("service \"{}\" didn't complete successfully: exit {}", wait.service, facts[id].exit_code), id};
  }
  return WaitState::Pending;
}

}  // namespace

Judgement judge(const plan::WaitFor& wait, const std::vector<plan::Slot>& slots,
                const std::vector<ContainerFacts>& facts) {
  if (wait.slots.empty()) return WaitState::Fulfilled;
  if (wait.condition == Condition::CompletedSuccessfully) return judge_completed(wait, facts);
  WaitState all = WaitState::Fulfilled;
  for (const plan::SlotId id : wait.slots) {
    Judgement one = judge_up(wait.condition, slots[id], id, facts[id]);
    if (std::holds_alternative<WaitFailure>(one)) return one;
    if (std::get<WaitState>(one) == WaitState::Pending) all = WaitState::Pending;
  }
  return all;
}

}  // namespace davit::schedule
