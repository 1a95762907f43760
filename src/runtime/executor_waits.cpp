// Waiting for conditions: what is shown meanwhile, and what is said when it was in vain.

#include <fmt/format.h>

#include <sstream>

#include "davit/base/units.hpp"
#include "executor.hpp"

namespace davit::runtime {

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
  for (const SlotId slot : std::get<plan::WaitFor>(step.operation).slots)
    say("Container " + plan_.slots[slot].name, "Waiting", Status::Working);
}

void Executor::end_waiting(const Step& step) {
  const auto& wait = std::get<plan::WaitFor>(step.operation);
  const char* const word = wait.condition == plan::Condition::CompletedSuccessfully ? "Exited" : "Healthy";
  for (const SlotId slot : wait.slots) say("Container " + plan_.slots[slot].name, word, Status::Done);
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
  } catch (const Error& e) {
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
