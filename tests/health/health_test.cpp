#include "davit/health/health.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <string>

namespace davit::health {

void PrintTo(const Action& action, std::ostream* out) {
  *out << "{probe_at: ";
  if (action.probe_at) {
    *out << std::chrono::duration_cast<std::chrono::milliseconds>(action.probe_at->time_since_epoch()).count() << "ms";
  } else {
    *out << "none";
  }
  *out << ", status: " << (action.status_changed ? name(*action.status_changed) : "same") << "}";
}

namespace {

using namespace std::chrono_literals;

/// A moment on the test's clock; 0 is the start of the container.
Time at(Duration since_start) {
  return Time{std::chrono::duration_cast<Time::duration>(since_start)};
}

Action probe_at(Duration moment) {
  return {.probe_at = at(moment), .status_changed = {}};
}
Action probe_at(Duration moment, Status changed) {
  return {.probe_at = at(moment), .status_changed = changed};
}

ProbeEnded ended(Duration began, int exit_code, std::string output = {}) {
  return {.began = at(began),
          .result = {.started = {}, .ended = {}, .exit_code = exit_code, .output = std::move(output)}};
}

ProbeSettings settings(Duration interval, int retries = 3, Duration start_period = 0s, Duration start_interval = 5s) {
  return {.interval = interval,
          .timeout = 30s,
          .start_period = start_period,
          .start_interval = start_interval,
          .retries = retries};
}

/// Lets instant probes fail from the start until `until`; returns the moments at which they ran.
std::vector<Duration> fail_until(HealthState& health, Duration until) {
  std::vector<Duration> ran;
  Action action = health.resume(Started{}, at(0s));
  while (action.probe_at && *action.probe_at <= at(until)) {
    const Duration moment = action.probe_at->time_since_epoch();
    ran.push_back(moment);
    action = health.resume(ended(moment, 1), at(moment));
  }
  return ran;
}

TEST(Health, FirstProbeRunsWhenTheContainerStarts) {
  HealthState health{settings(30s)};
  EXPECT_EQ(health.resume(Started{}, at(0s)), probe_at(0s));
  EXPECT_EQ(health.status(), Status::Starting);
}

TEST(Health, EarlyProbesBackOffByDoublingFromFiftyMilliseconds) {
  HealthState health{settings(30s)};
  const std::vector<Duration> expected{0ms, 50ms, 150ms, 350ms, 750ms, 1550ms, 3150ms, 6350ms};
  EXPECT_EQ(fail_until(health, 7s), expected);
  EXPECT_EQ(health.failing_streak(), 0);
  EXPECT_EQ(health.status(), Status::Starting);
}

TEST(Health, EarlyBackOffCountsFromTheEndOfTheProbe) {
  HealthState health{settings(30s)};
  (void)health.resume(Started{}, at(0s));
  EXPECT_EQ(health.resume(ended(0ms, 1), at(200ms)), probe_at(250ms));
  EXPECT_EQ(health.resume(ended(250ms, 1), at(400ms)), probe_at(500ms));
}

TEST(Health, EarlyBackOffIsAtMostTheInterval) {
  HealthState health{settings(100ms, 1000)};
  const std::vector<Duration> expected{0ms, 50ms, 100ms, 200ms, 300ms, 400ms};
  EXPECT_EQ(fail_until(health, 400ms), expected);
}

TEST(Health, OneSuccessMakesHealthyAtOnceAndGoesOverToTheInterval) {
  HealthState health{settings(5s)};
  (void)health.resume(Started{}, at(0s));
  (void)health.resume(ended(0ms, 1), at(10ms));
  EXPECT_EQ(health.resume(ended(60ms, 0), at(80ms)), probe_at(5080ms, Status::Healthy));
  EXPECT_EQ(health.resume(ended(5080ms, 0), at(5100ms)), probe_at(10100ms));
}

TEST(Health, EarlyFailuresCountOnlyWhenDockersProbeWouldHaveBeenDue) {
  // Docker with interval 1s, retries 3 probes at 1s, 2s and 3s, and calls the container unhealthy at 3s.
  HealthState health{settings(1s, 3)};
  (void)fail_until(health, 999ms);
  EXPECT_EQ(health.failing_streak(), 0);
  (void)fail_until(health, 1s);
  EXPECT_EQ(health.failing_streak(), 1);
  (void)fail_until(health, 2999ms);
  EXPECT_EQ(health.failing_streak(), 2);
  EXPECT_EQ(health.status(), Status::Starting);
  (void)fail_until(health, 3s);
  EXPECT_EQ(health.status(), Status::Unhealthy);
}

TEST(Health, AProbeThatBeganBeforeItWasDueDoesNotCountHoweverLongItTook) {
  HealthState health{settings(1s, 1)};
  (void)health.resume(Started{}, at(0s));
  const Action action = health.resume(ended(0s, ProbeResult::kTimedOut), at(30s));
  EXPECT_EQ(health.status(), Status::Starting);
  EXPECT_EQ(action, probe_at(30s));
  EXPECT_EQ(health.resume(ended(30s, 1), at(30s)), probe_at(31s, Status::Unhealthy));
}

TEST(Health, FailuresInTheStartPeriodDoNotCount) {
  HealthState health{settings(1s, 1, 10s, 2s)};
  (void)fail_until(health, 9999ms);
  EXPECT_EQ(health.failing_streak(), 0);
  EXPECT_EQ(health.status(), Status::Starting);
}

TEST(Health, AfterTheStartPeriodFailuresCountAtTheInterval) {
  // Docker probes each start_interval (2s) up to 10s; that probe begins after the period and counts.
  HealthState health{settings(4s, 2, 10s, 2s)};
  (void)fail_until(health, 10s);
  EXPECT_EQ(health.failing_streak(), 1);
  (void)fail_until(health, 13999ms);
  EXPECT_EQ(health.failing_streak(), 1);
  (void)fail_until(health, 14s);
  EXPECT_EQ(health.status(), Status::Unhealthy);
}

TEST(Health, ASuccessInTheStartPeriodEndsItsMildness) {
  HealthState health{settings(1s, 1, 60s, 1s)};
  (void)health.resume(Started{}, at(0s));
  (void)health.resume(ended(0s, 0), at(0s));
  EXPECT_EQ(health.resume(ended(1s, 1), at(1s)), probe_at(2s, Status::Unhealthy));
}

TEST(Health, UnhealthyNeedsRetriesFailuresInARow) {
  HealthState health{settings(1s, 3)};
  (void)health.resume(Started{}, at(0s));
  (void)health.resume(ended(0s, 0), at(0s));
  (void)health.resume(ended(1s, 1), at(1s));
  (void)health.resume(ended(2s, 2), at(2s));
  EXPECT_EQ(health.failing_streak(), 2);
  (void)health.resume(ended(3s, 0), at(3s));
  EXPECT_EQ(health.failing_streak(), 0);
  (void)health.resume(ended(4s, 1), at(4s));
  (void)health.resume(ended(5s, 1), at(5s));
  EXPECT_EQ(health.resume(ended(6s, 1), at(6s)), probe_at(7s, Status::Unhealthy));
}

TEST(Health, OneSuccessHealsTheUnhealthy) {
  HealthState health{settings(1s, 1), {.status = Status::Unhealthy, .failing_streak = 7}};
  EXPECT_EQ(health.resume(Resumed{}, at(0s)), probe_at(0s));
  EXPECT_EQ(health.resume(ended(0s, 1), at(0s)), probe_at(1s));
  EXPECT_EQ(health.failing_streak(), 8);
  EXPECT_EQ(health.resume(ended(1s, 0), at(1s)), probe_at(2s, Status::Healthy));
}

TEST(Health, ARestartBeginsAnewWithStarting) {
  HealthState health{settings(1s, 1)};
  (void)health.resume(Started{}, at(0s));
  (void)health.resume(ended(0s, 0), at(0s));
  EXPECT_EQ(health.resume(Stopped{}, at(5s)), Action{});
  EXPECT_EQ(health.resume(Started{}, at(6s)), probe_at(6s, Status::Starting));
  EXPECT_TRUE(health.results().empty());
  EXPECT_EQ(health.resume(ended(6s, 1), at(6s)), probe_at(6050ms));
}

TEST(Health, AProbeThatEndsAfterTheContainerAsksForNothing) {
  HealthState health{settings(1s, 1)};
  (void)health.resume(Started{}, at(0s));
  (void)health.resume(Stopped{}, at(1s));
  EXPECT_EQ(health.resume(ended(900ms, 137), at(2s)), Action{});
  EXPECT_EQ(health.status(), Status::Starting);
}

TEST(Health, APausedContainerIsNotProbed) {
  HealthState health{settings(1s, 1)};
  (void)health.resume(Started{}, at(0s));
  (void)health.resume(ended(0s, 0), at(0s));
  EXPECT_EQ(health.resume(Paused{}, at(500ms)), Action{});
  EXPECT_EQ(health.resume(ended(400ms, 1), at(600ms)), Action{});
  EXPECT_EQ(health.status(), Status::Healthy);
  EXPECT_EQ(health.resume(Unpaused{}, at(20s)), probe_at(20s));
}

TEST(Health, KeepsTheLastFiveResultsWithTheirFirst4096Bytes) {
  HealthState health{settings(1s, 100)};
  (void)health.resume(Started{}, at(0s));
  for (int i = 0; i < 7; ++i)
    (void)health.resume(ended(1s * i, 1, std::string(5000, static_cast<char>('a' + i))), at(1s * i));
  ASSERT_EQ(health.results().size(), 5U);
  EXPECT_EQ(health.results().front().output, std::string(4096, 'c'));
  EXPECT_EQ(health.results().back().output, std::string(4096, 'g'));
}

TEST(Health, ZeroMeansDockersDefault) {
  const ProbeSettings zero{.interval = 0s, .timeout = 0s, .start_period = 0s, .start_interval = 0s, .retries = 0};
  EXPECT_EQ(zero.with_defaults(), ProbeSettings{});
  EXPECT_EQ(ProbeSettings{}.interval, 30s);
  EXPECT_EQ(ProbeSettings{}.retries, 3);
}

TEST(Health, StatusNamesReadBack) {
  for (const Status status : {Status::Starting, Status::Healthy, Status::Unhealthy})
    EXPECT_EQ(parse_status(name(status)), status);
  EXPECT_EQ(parse_status("fine"), std::nullopt);
}

}  // namespace
}  // namespace davit::health
