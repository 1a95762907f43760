#include "davit/schedule/restart_policy.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace davit::schedule {
namespace {

using namespace std::chrono_literals;

// moby restartmanager: defaultTimeout, maxRestartTimeout, and the run that resets the delay.
constexpr std::chrono::milliseconds kFirstDelay = 100ms;
constexpr std::chrono::milliseconds kLongestDelay = 60s;
constexpr std::chrono::milliseconds kGoodRun = 10s;

}  // namespace

RestartPolicy::RestartPolicy(engine::RestartPolicy policy, int restarts) : policy_(policy), restarts_(restarts) {}

RestartPolicy::Action RestartPolicy::container_exited(int exit_code, std::chrono::milliseconds ran_for,
                                                      StopRequest stop) {
  using Mode = engine::RestartPolicy::Mode;
  if (stop == StopRequest::ByUser) return StayDown{"stopped by the user"};
  if (policy_.mode == Mode::No) return StayDown{fmt::format("exit code {}, no restart policy", exit_code)};
  if (policy_.mode == Mode::OnFailure) {
    if (exit_code == 0) return StayDown{"exit code 0"};
    if (policy_.max_attempts > 0 && restarts_ >= policy_.max_attempts)
      return StayDown{fmt::format("exit code {}, {} of {} restarts used", exit_code, restarts_, policy_.max_attempts)};
  }
  delay_ = delay_ == 0ms || ran_for >= kGoodRun ? kFirstDelay : std::min(delay_ * 2, kLongestDelay);
  ++restarts_;
  return StartAgain{delay_};
}

std::chrono::milliseconds RestartPolicy::delay_after_take_over() const {
  std::chrono::milliseconds delay = kFirstDelay;
  for (int i = 1; i < restarts_ && delay < kLongestDelay; ++i) delay *= 2;
  return std::min(delay, kLongestDelay);
}

void RestartPolicy::started_by_user() {
  restarts_ = 0;
  delay_ = 0ms;
}

}  // namespace davit::schedule
