#include "davit/schedule/scheduler.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace davit::schedule {

using plan::Edge;
using plan::Step;
using plan::StepId;
using plan::WaitFor;

Scheduler::Scheduler(const plan::Plan& plan, SchedulerOptions options)
    : plan_(plan), options_(options), nodes_(plan.steps.size()), waits_of_slot_(plan.slots.size()) {
  facts_.reserve(plan.slots.size());
  for (const plan::Slot& slot : plan.slots) {
    const auto probe =
        slot.health == engine::Health::None ? ContainerFacts::Probe::None : ContainerFacts::Probe::Configured;
    facts_.push_back({slot.state, slot.health, slot.exit_code, probe});
  }
  for (const auto& [name, image] : plan.images) images_.emplace(name, image.id);
  for (const Step& step : plan.steps) {
    node(step.id).missing = step.after.size();
    for (const Edge& edge : step.after) node(edge.step).dependants.push_back({step.id, edge.kind});
    if (const auto* wait = std::get_if<WaitFor>(&step.operation))
      for (const plan::SlotId slot : wait->slots) waits_of_slot_[slot].push_back(step.id);
  }
  open_ = plan.steps.size();
}

std::vector<Scheduler::Action> Scheduler::resume(const Event& event) {
  actions_.clear();
  std::visit([this](const auto& what) { take(what); }, event);
  settle();
  if (open_ == 0 && !finished_) finish();
  return std::move(actions_);
}

void Scheduler::take(const Begin&) {
  for (const Step& step : plan_.steps)
    if (node(step.id).missing == 0) make_ready(step.id);
}

void Scheduler::take(const Succeeded& done) {
  --running_;
  end(done.step, State::Succeeded);
}

void Scheduler::take(const Failed& failed) {
  --running_;
  end(failed.step, State::Failed);
  if (plan_.on_failure == plan::OnFailure::Stop) stop();
}

void Scheduler::take(const Changed& changed) {
  facts_[changed.slot] = changed.facts;
  if (waited_long_enough_) count_as_ready(facts_[changed.slot]);
  for (const StepId wait : waits_of_slot_[changed.slot]) {
    if (node(wait).state == State::Waiting)
      look_at_wait(wait);
    else if (held_.contains(wait))
      look_at_held(wait);
  }
}

void Scheduler::take(const ImageKnown& image) {
  images_[image.image] = image.id;
}

void Scheduler::take(const WaitTimedOut& over) {
  time_out(over.limit);
}

void Scheduler::take(const Interrupted&) {
  stop();
}

void Scheduler::take(const LookedAgain&) {
  held_.clear();
}

/// A container may be gone again while others were still waited for.
void Scheduler::finish() {
  if (!held_.empty() && !stopping_) {
    if (!looking_) actions_.emplace_back(LookAgain{});
    looking_ = true;
    return;
  }
  finished_ = true;
  actions_.emplace_back(Finished{});
}

/// Ends and starts in turn until nothing moves. A queue, not recursion: chains of skipped steps may be long.
void Scheduler::settle() {
  do {
    while (!ended_.empty()) {
      const auto [step, state] = ended_.back();
      ended_.pop_back();
      for (const Edge& dependant : node(step).dependants) release(dependant, step, state);
    }
    launch();
  } while (!ended_.empty());
}

void Scheduler::end(StepId step, State state) {
  node(step).state = state;
  --open_;
  ended_.emplace_back(step, state);
}

void Scheduler::release(const Edge& dependant, StepId ended, State state) {
  Node& next = node(dependant.step);
  if (state != State::Succeeded && dependant.kind == Edge::Kind::Needs && !next.failed_need) next.failed_need = ended;
  if (--next.missing > 0 || next.state != State::Blocked) return;
  if (next.failed_need) {
    // Name the step that failed, not one that was skipped because of it.
    const Node& culprit = node(*next.failed_need);
    if (culprit.state == State::Skipped && stopping_ && !culprit.failed_need)
      return skip(dependant.step, Skipped::Reason::Stopped, std::nullopt);
    if (culprit.state == State::Skipped && culprit.failed_need) next.failed_need = culprit.failed_need;
    return skip(dependant.step, Skipped::Reason::DependencyFailed, next.failed_need);
  }
  make_ready(dependant.step);
}

void Scheduler::make_ready(StepId id) {
  const Step& step = plan_.step(id);
  if (stopping_ && step.when_stopping == plan::WhenStopping::Skip)
    return skip(id, Skipped::Reason::Stopped, std::nullopt);
  if (!needed(step)) {
    actions_.emplace_back(Skipped{id, Skipped::Reason::NotNeeded, std::nullopt});
    return end(id, State::Succeeded);
  }
  if (std::holds_alternative<WaitFor>(step.operation)) {
    node(id).state = State::Waiting;
    waiting_.insert(id);
    actions_.emplace_back(Waiting{id});
    return look_at_wait(id);
  }
  node(id).state = State::Ready;
  ready_.insert(id);
}

void Scheduler::launch() {
  while (!ready_.empty() && (options_.parallel == 0 || running_ < options_.parallel)) {
    const StepId id = *ready_.begin();
    ready_.erase(ready_.begin());
    node(id).state = State::Running;
    ++running_;
    // What was known of the container is about its last run.
    if (const auto* start = std::get_if<plan::StartContainer>(&plan_.step(id).operation)) {
      ContainerFacts& facts = facts_[start->slot];
      if (facts.state != engine::ContainerState::Running) facts = {.probe = facts.probe};
    }
    actions_.emplace_back(Run{id});
  }
}

void Scheduler::skip(StepId step, Skipped::Reason reason, std::optional<StepId> because) {
  actions_.emplace_back(Skipped{step, reason, because});
  end(step, State::Skipped);
}

/// Whatever has not begun will not begin; what waits need not go on.
void Scheduler::stop() {
  if (stopping_) return;
  stopping_ = true;
  const auto ready = std::exchange(ready_, {});
  for (const StepId id : ready) {
    if (plan_.step(id).when_stopping == plan::WhenStopping::Run) {
      ready_.insert(id);
    } else {
      skip(id, Skipped::Reason::Stopped, std::nullopt);
    }
  }
  for (const StepId id : std::exchange(waiting_, {})) skip(id, Skipped::Reason::Stopped, std::nullopt);
}

void Scheduler::look_at_wait(StepId id) {
  auto judgement = judge(std::get<WaitFor>(plan_.step(id).operation), plan_.slots, facts_);
  if (auto* why = std::get_if<WaitFailure>(&judgement)) return fail_wait(id, std::move(*why));
  if (std::get<WaitState>(judgement) == WaitState::Pending) return;
  waiting_.erase(id);
  const auto condition = std::get<WaitFor>(plan_.step(id).operation).condition;
  if (condition == plan::Condition::Up || condition == plan::Condition::UpOrCompleted) held_.insert(id);
  actions_.emplace_back(WaitFulfilled{id});
  end(id, State::Succeeded);
}

/// A wait that was fulfilled: its containers may have ended since, or be started again by their restart policy.
void Scheduler::look_at_held(StepId id) {
  auto judgement = judge(std::get<WaitFor>(plan_.step(id).operation), plan_.slots, facts_);
  const auto* state = std::get_if<WaitState>(&judgement);
  if (state != nullptr && *state == WaitState::Fulfilled) return;
  held_.erase(id);
  if (state == nullptr) {
    actions_.emplace_back(WaitFailed{id, std::get<WaitFailure>(std::move(judgement)), WaitFailed::Severity::Error});
    if (plan_.on_failure == plan::OnFailure::Stop) stop();
    return;
  }
  looking_ = false;
  ++open_;
  node(id).state = State::Waiting;
  waiting_.insert(id);
  actions_.emplace_back(Waiting{id});
}

void Scheduler::fail_wait(StepId id, WaitFailure why) {
  waiting_.erase(id);
  const auto severity = only_tolerated(id) ? WaitFailed::Severity::Warning : WaitFailed::Severity::Error;
  actions_.emplace_back(WaitFailed{id, std::move(why), severity});
  end(id, State::Failed);
  if (severity == WaitFailed::Severity::Error && plan_.on_failure == plan::OnFailure::Stop) stop();
}

/// What runs and has no probe is up for docker compose: not to be ready in time is no failure.
void Scheduler::count_as_ready(ContainerFacts& facts) {
  if (facts.state == engine::ContainerState::Running) facts.ready = ContainerFacts::Ready::Yes;
}

void Scheduler::time_out(const std::string& limit) {
  waited_long_enough_ = true;
  for (ContainerFacts& facts : facts_) count_as_ready(facts);
  for (const StepId id : std::set(waiting_)) look_at_wait(id);
  if (waiting_.empty()) return;
  // The first wait speaks for all; its container is shown.
  const StepId first = *waiting_.begin();
  const auto& wait = std::get<WaitFor>(plan_.step(first).operation);
  std::optional<plan::SlotId> slot;
  for (const plan::SlotId candidate : wait.slots) {
    const bool up = facts_[candidate].health == engine::Health::Healthy;
    if (!slot && !up) slot = candidate;
  }
  waiting_.erase(first);
  actions_.emplace_back(
      WaitFailed{first, {fmt::format("application not healthy after {}", limit), slot}, WaitFailed::Severity::Error});
  end(first, State::Failed);
  stop();
}

bool Scheduler::needed(const Step& step) const {
  if (step.only_if_changed.empty()) return true;
  return std::any_of(step.only_if_changed.begin(), step.only_if_changed.end(), [this](const plan::ImageGuard& guard) {
    const auto found = images_.find(guard.image);
    return found == images_.end() || found->second != guard.was;
  });
}

bool Scheduler::only_tolerated(StepId step) const {
  const auto& dependants = node(step).dependants;
  return !dependants.empty() && std::all_of(dependants.begin(), dependants.end(),
                                            [](const Edge& edge) { return edge.kind == Edge::Kind::Tolerates; });
}

}  // namespace davit::schedule
