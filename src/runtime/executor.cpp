#include "executor.hpp"

#include <fmt/format.h>

#include "davit/async/cancellation.hpp"
#include "davit/runtime/exit_event.hpp"

namespace davit::runtime {

using engine::ContainerState;
using plan::SlotId;
using plan::Step;
using Status = ProgressEvent::Status;

Executor::Executor(Context context, const plan::Plan& plan, ExecuteOptions options,
                   const asio::any_io_executor& executor)
    : context_(context),
      plan_(plan),
      options_(std::move(options)),
      scheduler_(plan, {.parallel = options_.parallel}),
      swapped_(swapped_slots(plan)),
      places_(plan.slots.size()),
      images_(plan.images),
      reported_(executor),
      group_(executor) {
  for (SlotId slot = 0; slot < places_.size(); ++slot) {
    places_[slot].facts = scheduler_.facts(slot);
    if (const auto& id = plan.slots[slot].existing) {
      places_[slot].id = *id;
      slot_of_[*id] = slot;
    }
  }
  for (const Step& step : plan.steps)
    if (std::holds_alternative<plan::BuildImage>(step.operation) ||
        std::holds_alternative<plan::PullImage>(step.operation))
      ++image_steps_open_;
}

Task<Execution> Executor::run() {
  result_.first_event = co_await context_.engine.newest_event();
  std::exception_ptr failure;
  try {
    if (has_waits()) {
      co_await refresh_facts();
      group_.spawn(follow_events(result_.first_event));
    }
    announce_kept();
    co_await drive();
  } catch (...) {
    failure = std::current_exception();
  }
  // Whatever still runs is the follower and the time limit, or, when this was cancelled, steps that end themselves.
  group_.cancel();
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  try {
    co_await group_.join();
  } catch (...) {
    // Only cancellations get here: steps report their errors.
  }
  if (failure) std::rethrow_exception(failure);
  for (SlotId slot = 0; slot < places_.size(); ++slot)
    if (places_[slot].id) result_.containers.emplace(plan_.slots[slot].name, *places_[slot].id);
  co_return std::move(result_);
}

Task<void> Executor::drive() {
  perform(scheduler_.resume(Scheduler::Begin{}));
  while (!scheduler_.finished() || explaining_ > 0) {
    while (reports_.empty() && !broken_ && (!scheduler_.finished() || explaining_ > 0)) co_await reported_.wait();
    if (broken_ && (scheduler_.waiting() > 0 || looking_again_)) std::rethrow_exception(broken_);
    if (broken_ && reports_.empty()) {
      co_await reported_.wait();
      continue;
    }
    if (reports_.empty()) continue;
    const Scheduler::Event event = std::move(reports_.front());
    reports_.pop_front();
    perform(scheduler_.resume(event));
  }
}

void Executor::report(Scheduler::Event event) {
  reports_.push_back(std::move(event));
  reported_.notify();
}

void Executor::perform(const std::vector<Scheduler::Action>& actions) {
  for (const auto& action : actions) perform_one(action);
  if (options_.wait_timeout && !time_limit_runs_ && image_steps_open_ == 0 && scheduler_.waiting() > 0)
    start_time_limit();
}

void Executor::perform_one(const Scheduler::Action& action) {
  if (const auto* run = std::get_if<Scheduler::Run>(&action)) {
    const Step& step = plan_.step(run->step);
    if (const auto* start = std::get_if<plan::StartContainer>(&step.operation)) {
      Place& place = places_[start->slot];
      // One that runs by now is not started, and what it does meanwhile counts.
      place.awaiting_start = scheduler_.facts(start->slot).state != ContainerState::Running;
      place.facts = scheduler_.facts(start->slot);
    }
    const StepWords words = words_of(plan_, step, swapped_);
    const auto* create = std::get_if<plan::CreateContainer>(&step.operation);
    say(words.id, words.begin, Status::Working, create != nullptr && create->replaces ? step.cause : std::string());
    group_.spawn(run_step(step));
  } else if (const auto* waiting = std::get_if<Scheduler::Waiting>(&action)) {
    begin_waiting(plan_.step(waiting->step));
  } else if (const auto* fulfilled = std::get_if<Scheduler::WaitFulfilled>(&action)) {
    end_waiting(plan_.step(fulfilled->step));
  } else if (const auto* failure = std::get_if<Scheduler::WaitFailed>(&action)) {
    wait_failed(*failure);
  } else if (std::holds_alternative<Scheduler::LookAgain>(action)) {
    group_.spawn(look_again());
  } else if (const auto* skipped = std::get_if<Scheduler::Skipped>(&action)) {
    const auto* create = std::get_if<plan::CreateContainer>(&plan_.step(skipped->step).operation);
    if (create != nullptr && skipped->reason == Scheduler::Skipped::Reason::NotNeeded && plan_.slots[create->slot].kept)
      say("Container " + plan_.slots[create->slot].name, "Running", Status::Done);
  }
}

/// docker compose says so of containers that are as they should be.
void Executor::announce_kept() {
  std::set<SlotId> touched;
  for (const Step& step : plan_.steps) {
    if (const auto* create = std::get_if<plan::CreateContainer>(&step.operation)) touched.insert(create->slot);
    if (const auto* start = std::get_if<plan::StartContainer>(&step.operation)) touched.insert(start->slot);
  }
  for (SlotId slot = 0; slot < plan_.slots.size(); ++slot)
    if (plan_.slots[slot].kept && !touched.contains(slot))
      say("Container " + plan_.slots[slot].name, "Running", Status::Done);
}

void Executor::say(const std::string& id, const std::string& text, Status status, std::string details) {
  if (!text.empty()) context_.progress.progress({id, text, status, std::move(details)});
}

bool Executor::has_waits() const {
  for (const Step& step : plan_.steps)
    if (std::holds_alternative<plan::WaitFor>(step.operation)) return true;
  return false;
}

/// The plan may be older than this moment.
Task<void> Executor::refresh_facts() {
  const engine::Observed observed = co_await context_.engine.observe();
  learn(observed);
  for (SlotId slot = 0; slot < places_.size(); ++slot)
    (void)scheduler_.resume(Scheduler::Changed{slot, places_[slot].facts});
}

void Executor::learn(const engine::Observed& observed) {
  for (const auto& container : observed.containers) {
    const auto slot = slot_of_.find(container.id);
    if (slot == slot_of_.end()) continue;
    Facts& facts = places_[slot->second].facts;
    const bool same_run = facts.state == ContainerState::Running && container.state == ContainerState::Running;
    const auto ready = same_run ? facts.ready : Facts::Ready::No;
    const auto probe = container.health == engine::Health::None ? Facts::Probe::None : Facts::Probe::Configured;
    facts = {container.state,
             container.health,
             container.exit_code,
             probe,
             ready,
             places_[slot->second].loop.ends_in_vain()};
  }
}

Task<void> Executor::follow_events(std::int64_t since) {
  try {
    for (;;) {
      const std::vector<engine::Event> events = co_await context_.engine.next_events(since);
      if (events.empty()) throw Error("the engine of this project has shut down while its containers were awaited");
      for (const engine::Event& event : events) {
        take(event);
        since = event.id;
      }
    }
  } catch (...) {
    if (is_cancellation(std::current_exception())) throw;
    broken_ = std::current_exception();
    reported_.notify();
  }
}

void Executor::take(const engine::Event& event) {
  if (event.type != "container") return;
  const auto found = slot_of_.find(ContainerId(event.container));
  if (found == slot_of_.end()) return;
  Place& place = places_[found->second];
  Facts facts = place.facts;
  if (event.action == "start") {
    place.awaiting_start = false;
    facts.state = ContainerState::Running;
    facts.health = facts.probe == Facts::Probe::Configured ? engine::Health::Starting : engine::Health::None;
    facts.ready = Facts::Ready::No;
    ++place.starts;
  } else if (place.awaiting_start) {
    return;
  } else if (const auto exit = exit_of(event)) {
    facts.state = exit->restarting ? ContainerState::Restarting : ContainerState::Exited;
    facts.exit_code = exit->code;
    if (exit->restarting) count_end(found->second, facts);
  } else if (event.action == "health_status: healthy") {
    facts.health = engine::Health::Healthy;
    facts.probe = Facts::Probe::Configured;
  } else if (event.action == "health_status: unhealthy") {
    facts.health = engine::Health::Unhealthy;
    facts.probe = Facts::Probe::Configured;
  } else {
    return;
  }
  set_facts(found->second, facts);
  ask_if_ready(found->second);
}

void Executor::count_end(SlotId slot, Facts& facts) {
  Place& place = places_[slot];
  const auto patience = place.wait != nullptr ? place.wait->ready.listen : schedule::CrashLoop::kPatience;
  place.loop.ended(context_.timers.now(), patience);
  facts.ends_in_vain = place.loop.ends_in_vain();
}

void Executor::put(SlotId slot, const ContainerId& id, Facts facts) {
  places_[slot].id = id;
  slot_of_[id] = slot;
  set_facts(slot, facts);
}

void Executor::set_facts(SlotId slot, Facts facts) {
  const bool up = facts.ready == Facts::Ready::Yes || facts.health == engine::Health::Healthy;
  if (up && facts.state == ContainerState::Running) places_[slot].loop.came_up();
  places_[slot].facts = facts;
  report(Scheduler::Changed{slot, facts});
}

}  // namespace davit::runtime
