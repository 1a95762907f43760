// Health checks: HealthState decides, this asks the program.

#include "davit/async/cancellation.hpp"
#include "davit/base/error.hpp"
#include "embedded/log.hpp"
#include "embedded/project_engine.hpp"

namespace davit::embedded {
namespace {

std::vector<std::string> probe_command(const std::vector<std::string>& test) {
  if (test.front() == "CMD-SHELL") return {"/bin/sh", "-c", test.size() > 1 ? test[1] : ""};
  return {test.begin() + (test.front() == "CMD" ? 1 : 0), test.end()};
}

}  // namespace

health::ProbeSettings probe_settings(const engine::Healthcheck& check) {
  const health::ProbeSettings settings{check.interval, check.timeout, check.start_period, check.start_interval,
                                       check.retries};
  return settings.with_defaults();
}

void ProjectEngine::start_health(RecordPtr record, const health::Event& first) {
  apply(*record, *record->health, record->health->state.resume(first, timers_.now()));
  spawn(probe(record, record->health));
}

void ProjectEngine::health_event(Record& record, const health::Event& event) {
  if (record.health) apply(record, *record.health, record.health->state.resume(event, timers_.now()));
}

void ProjectEngine::apply(Record& record, HealthRun& run, const health::Action& action) {
  run.probe_at = action.probe_at;
  run.wake.notify();
  if (action.status_changed) run.untold = action.status_changed;
  tell_health(record, run);
}

void ProjectEngine::tell_health(Record& record, HealthRun& run) {
  if (!run.untold || run.stopped) return;
  record.row.health_json = health_to_json(run.state);
  write(record, "health_status: " + std::string(health::name(*run.untold)), {}, "health check");
  run.untold.reset();
  record.changed.notify();
}

/// What a probe has brought. When it cannot be written (a full disk) the checks go on, and the next one writes it.
void ProjectEngine::keep_health(Record& record, HealthRun& run, const health::Action& action) {
  try {
    apply(record, run, action);
    record.row.health_json = health_to_json(run.state);
    state::Containers(database_).set_health(record.id(), record.row.health_json);
  } catch (const std::exception& error) {
    log_warning("cannot write the health of container '" + record.row.name + "': " + error.what());
  }
}

void ProjectEngine::stop_health(Record& record) {
  if (!record.health || record.health->stopped) return;
  record.health->stopped = true;
  record.health->wake.notify();
}

Task<void> ProjectEngine::probe(RecordPtr record, std::shared_ptr<HealthRun> run) {
  while (!run->stopped) {
    const auto now = timers_.now();
    if (!run->probe_at || *run->probe_at > now) {
      Task<void> waiting = run->wake.wait();
      if (run->probe_at) {
        const auto wait = *run->probe_at - now;
        co_await with_timeout(timers_, std::chrono::duration_cast<Timers::Clock::duration>(wait), std::move(waiting));
      } else {
        co_await std::move(waiting);
      }
      continue;
    }
    run->probe_at.reset();
    Gate::Pass pass = co_await probing_.enter();
    if (run->stopped) co_return;
    const health::ProbeEnded probed = co_await ask(record);
    pass.give_back();
    if (run->stopped) co_return;
    keep_health(*record, *run, run->state.resume(probed, timers_.now()));
  }
}

Task<health::ProbeEnded> ProjectEngine::ask(RecordPtr record) {
  const engine::Healthcheck& check = *record->spec.healthcheck;
  container::OciRuntime::ExecRequest request;
  request.options.args = probe_command(check.test);
  const auto limit = check.timeout > std::chrono::nanoseconds{0} ? check.timeout : std::chrono::seconds{30};
  request.timeout = std::chrono::ceil<std::chrono::milliseconds>(limit);
  request.output_limit = health::ProbeResult::kMaxOutput;
  const std::string bundle = paths_.bundle(record->id());
  health::ProbeEnded probed;
  probed.began = timers_.now();
  probed.result.started = std::chrono::system_clock::now();
  try {
    container::OciRuntime* const runtime = co_await runtime_for(record->spec.runtime);
    const container::OciRuntime::ExecResult result = co_await runtime->exec(record->id(), bundle, std::move(request));
    probed.result.exit_code = result.timed_out ? health::ProbeResult::kTimedOut : result.exit_code;
    probed.result.output = result.output;
    if (result.timed_out)
      probed.result.output = "Health check exceeded timeout (" +
                             std::to_string(std::chrono::ceil<std::chrono::milliseconds>(limit).count()) +
                             "ms): " + result.output;
  } catch (const std::exception& error) {
    if (is_cancellation(std::current_exception())) throw;
    // A probe that could not be asked has failed; the next one may be asked again.
    probed.result.exit_code = 126;
    probed.result.output = error.what();
  }
  probed.result.ended = std::chrono::system_clock::now();
  co_return probed;
}

}  // namespace davit::embedded
