// Waiting for conditions: what is shown meanwhile, and what is said when it was in vain.

#include <fmt/format.h>

#include <sstream>

#include "davit/async/cancellation.hpp"
#include "davit/base/units.hpp"
#include "executor.hpp"

namespace davit::runtime {

using engine::ContainerState;
using plan::SlotId;
using plan::Step;
using Status = ProgressEvent::Status;

namespace {

constexpr std::size_t kLogLines = 10;

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

}  // namespace

void Executor::begin_waiting(const Step& step) {
  const auto& wait = std::get<plan::WaitFor>(step.operation);
  const bool up = wait.condition == plan::Condition::Up || wait.condition == plan::Condition::UpOrCompleted;
  for (const SlotId slot : wait.slots) {
    say("Container " + plan_.slots[slot].name, "Waiting", Status::Working);
    if (up) places_[slot].wait = &wait;
    ask_if_ready(slot);
  }
}

void Executor::end_waiting(const Step& step) {
  const auto& wait = std::get<plan::WaitFor>(step.operation);
  for (const SlotId slot : wait.slots) {
    const bool ended = scheduler_.facts(slot).state == ContainerState::Exited;
    say("Container " + plan_.slots[slot].name, ended ? "Exited" : "Healthy", Status::Done);
  }
}

/// Whenever a run begins to be awaited, or an awaited container begins a run.
void Executor::ask_if_ready(SlotId slot) {
  Place& place = places_[slot];
  const bool up = place.facts.state == ContainerState::Running && place.facts.probe == Facts::Probe::None;
  if (place.wait == nullptr || place.asking || !up || place.facts.ready == Facts::Ready::Yes) return;
  place.asking = true;
  group_.spawn(await_ready(slot));
}

Task<void> Executor::await_ready(SlotId slot) {
  Place& place = places_[slot];
  const int starts = place.starts;
  engine::Readiness readiness{engine::Readiness::Outcome::Ended, {}};
  try {
    const ContainerId id = id_in(slot);
    readiness = co_await context_.engine.await_ready(id, place.wait->ready);
  } catch (...) {
    if (is_cancellation(std::current_exception())) throw;
    // It was removed, or the engine is gone: the events tell.
  }
  place.asking = false;
  if (readiness.outcome == engine::Readiness::Outcome::Ended) {
    if (place.starts != starts) ask_if_ready(slot);
    co_return;
  }
  if (readiness.outcome == engine::Readiness::Outcome::Silent) note_silence(slot, readiness.silent_ports);
  Facts facts = place.facts;
  facts.ready = Facts::Ready::Yes;
  set_facts(slot, facts);
}

/// Said once, of containers that this command has started: of the others it was said then.
void Executor::note_silence(SlotId slot, const std::vector<std::uint16_t>& ports) {
  const plan::Slot& container = plan_.slots[slot];
  if (container.kept) return;
  const model::Service& service = context_.project.services.at(container.service);
  for (const std::uint16_t port : ports) {
    Diagnostic diagnostic = Diagnostic::warning(
        "not-listening",
        fmt::format("container {} runs, but nothing listens at its published port {} yet", container.name, port));
    for (const model::Port& published : service.ports)
      if (published.target == port && published.protocol == "tcp") diagnostic.where = published.where;
    diagnostic.with_hint("give the service a 'healthcheck', or say how long to wait: x-davit: {listen_timeout: 30s}");
    result_.warnings.push_back(std::move(diagnostic));
  }
}

Task<void> Executor::look_again() {
  looking_again_ = true;
  try {
    const engine::Observed observed = co_await context_.engine.observe();
    learn(observed);
    for (SlotId slot = 0; slot < places_.size(); ++slot) report(Scheduler::Changed{slot, places_[slot].facts});
    report(Scheduler::LookedAgain{});
    looking_again_ = false;
  } catch (...) {
    if (is_cancellation(std::current_exception())) throw;
    broken_ = std::current_exception();
    reported_.notify();
  }
}

void Executor::wait_failed(const Scheduler::WaitFailed& failure) {
  const Step& step = plan_.step(failure.step);
  const bool warning = failure.severity == Scheduler::WaitFailed::Severity::Warning;
  const std::string id =
      failure.why.slot ? "Container " + plan_.slots[*failure.why.slot].name : "Service " + step.resource.name;
  say(id, warning ? "Warning" : "Error", warning ? Status::Warning : Status::Error, failure.why.message);
  Diagnostic diagnostic = Diagnostic::error("dependency-failed", failure.why.message);
  if (step.where.known()) diagnostic.where = step.where;
  if (warning) {
    diagnostic.severity = Severity::Warning;
    diagnostic.code = "optional-dependency";
    result_.warnings.push_back(std::move(diagnostic));
    return;
  }
  result_.failures.push_back(std::move(diagnostic));
  if (!failure.why.slot) return;
  ++explaining_;
  group_.spawn(explain(failure, result_.failures.size() - 1));
}

/// Adds what the user would look up next; whatever goes wrong with that is not worth hiding the failure itself.
Task<void> Executor::explain(Scheduler::WaitFailed failure, std::size_t index) {
  Diagnostic evidence;
  try {
    co_await add_evidence(evidence, *failure.why.slot);
  } catch (const std::exception& e) {  // any: who waits for the explanation counts it
    evidence.note(fmt::format("its log cannot be read: {}", e.what()));
  }
  auto& notes = result_.failures[index].notes;
  notes.insert(notes.end(), evidence.notes.begin(), evidence.notes.end());
  --explaining_;
  reported_.notify();
}

Task<void> Executor::add_evidence(Diagnostic& diagnostic, SlotId slot) {
  const engine::Observed observed = co_await context_.engine.observe();
  for (const engine::ObservedContainer& container : observed.containers) {
    if (places_[slot].id != container.id) continue;
    if (container.oom_killed) diagnostic.note(fmt::format("container {} ran out of memory", container.name));
    if (!container.error.empty()) diagnostic.note(container.error);
    if (!container.probes.empty()) {
      const engine::ProbeResult& probe = container.probes.back();
      const std::string output = trimmed(probe.output);
      diagnostic.note(fmt::format("its last probe ended with {}{}{}", probe.exit_code,
                                  output.empty() ? " and no output" : ": ", output));
    }
    if (!options_.log_tail) co_return;
    Task<std::vector<std::string>> reading = options_.log_tail(container, kLogLines);
    const std::vector<std::string> lines = co_await std::move(reading);
    if (lines.empty()) diagnostic.note("it has written nothing to its log");
    for (const std::string& line : lines) diagnostic.note("log: " + line);
    co_return;
  }
}

void Executor::start_time_limit() {
  time_limit_runs_ = true;
  group_.spawn(time_limit());
}

Task<void> Executor::time_limit() {
  co_await context_.timers.sleep_for(std::chrono::duration_cast<Timers::Clock::duration>(*options_.wait_timeout));
  report(Scheduler::WaitTimedOut{format_duration(*options_.wait_timeout)});
}

}  // namespace davit::runtime
