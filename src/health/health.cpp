#include "davit/health/health.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace davit::health {
namespace {

constexpr std::array<std::string_view, 3> kNames{"starting", "healthy", "unhealthy"};

}  // namespace

ProbeSettings ProbeSettings::with_defaults() const {
  const ProbeSettings defaults;
  ProbeSettings out = *this;
  if (out.interval <= Duration{0}) out.interval = defaults.interval;
  if (out.timeout <= Duration{0}) out.timeout = defaults.timeout;
  if (out.start_interval <= Duration{0}) out.start_interval = defaults.start_interval;
  if (out.start_period < Duration{0}) out.start_period = Duration{0};
  if (out.retries <= 0) out.retries = defaults.retries;
  return out;
}

std::string_view name(Status status) {
  return kNames[static_cast<std::size_t>(status)];
}

std::optional<Status> parse_status(std::string_view text) {
  const auto* const found = std::find(kNames.begin(), kNames.end(), text);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Status>(found - kNames.begin());
}

HealthState::HealthState(ProbeSettings settings, Snapshot snapshot)
    : settings_(settings.with_defaults()), state_(snapshot) {}

Action HealthState::resume(const Event& event, Time now) {
  const Status before = state_.status;
  Action action = std::visit([this, now](const auto& what) { return on(what, now); }, event);
  if (state_.status != before) action.status_changed = state_.status;
  return action;
}

Action HealthState::on(const Started&, Time now) {
  state_ = Snapshot{};
  results_.clear();
  started_ = now;
  begin_early(now);
  return {.probe_at = now, .status_changed = {}};
}

Action HealthState::on(const Resumed&, Time now) {
  // The start of the container is not known on this clock: the start period is taken to begin anew, which can only make
  // the verdict milder.
  started_ = now;
  if (state_.status == Status::Starting) {
    begin_early(now);
  } else {
    phase_ = Phase::Regular;
  }
  return {.probe_at = now, .status_changed = {}};
}

Action HealthState::on(const ProbeEnded& probe, Time now) {
  record(probe.result);
  if (phase_ == Phase::Stopped || phase_ == Phase::Paused) return {};
  const bool due = phase_ == Phase::Regular || probe.began >= regular_due_;
  if (probe.result.exit_code == 0) {
    state_ = Snapshot{.status = Status::Healthy, .failing_streak = 0};
    phase_ = Phase::Regular;
  } else {
    if (due && counts(probe.began)) count_failure();
    if (due) regular_due_ = now + regular_delay(now);
    if (state_.status != Status::Starting) phase_ = Phase::Regular;
  }
  return {.probe_at = next_probe(now), .status_changed = {}};
}

Action HealthState::on(const Paused&, Time) {
  if (phase_ != Phase::Stopped) phase_ = Phase::Paused;
  return {};
}

Action HealthState::on(const Unpaused&, Time now) {
  if (phase_ != Phase::Paused) return {};
  if (state_.status == Status::Starting) {
    begin_early(now);
  } else {
    phase_ = Phase::Regular;
  }
  return {.probe_at = now, .status_changed = {}};
}

Action HealthState::on(const Stopped&, Time) {
  phase_ = Phase::Stopped;
  return {};
}

void HealthState::begin_early(Time now) {
  phase_ = Phase::Early;
  regular_due_ = now + regular_delay(now);
  back_off_ = kFirstBackOff;
}

bool HealthState::in_start_period(Time at) const {
  return at < started_ + settings_.start_period;
}

Duration HealthState::regular_delay(Time at) const {
  const bool starting = state_.status == Status::Starting && in_start_period(at);
  return starting ? settings_.start_interval : settings_.interval;
}

bool HealthState::counts(Time began) const {
  return state_.status != Status::Starting || !in_start_period(began);
}

void HealthState::record(const ProbeResult& result) {
  results_.push_back(result);
  if (results_.back().output.size() > ProbeResult::kMaxOutput) results_.back().output.resize(ProbeResult::kMaxOutput);
  if (results_.size() > kResultsKept) results_.pop_front();
}

void HealthState::count_failure() {
  ++state_.failing_streak;
  if (state_.failing_streak >= settings_.retries) state_.status = Status::Unhealthy;
}

Time HealthState::next_probe(Time now) {
  if (phase_ == Phase::Regular) return now + regular_delay(now);
  const Duration wait = std::min(back_off_, settings_.interval);
  back_off_ = std::min(back_off_ * 2, settings_.interval);
  return std::clamp(regular_due_, now, now + wait);
}

}  // namespace davit::health
