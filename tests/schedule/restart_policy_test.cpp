#include "davit/schedule/restart_policy.hpp"

#include <gtest/gtest.h>

namespace davit::schedule {
namespace {

using namespace std::chrono_literals;
using Mode = engine::RestartPolicy::Mode;
using Stop = RestartPolicy::StopRequest;

RestartPolicy::Action starts_again_after(std::chrono::milliseconds delay) {
  return RestartPolicy::StartAgain{delay};
}
RestartPolicy::Action stays_down(std::string cause) {
  return RestartPolicy::StayDown{std::move(cause)};
}

TEST(RestartPolicy, NoMeansNo) {
  RestartPolicy policy({Mode::No, 0});
  EXPECT_EQ(policy.container_exited(1, 10ms, Stop::None), stays_down("exit code 1, no restart policy"));
}

TEST(RestartPolicy, DelayDoublesUpToAMinute) {
  RestartPolicy policy({Mode::Always, 0});
  auto expected = 100ms;
  for (int i = 0; i < 14; ++i) {
    EXPECT_EQ(policy.container_exited(0, 10ms, Stop::None), starts_again_after(expected)) << i;
    expected = std::min<std::chrono::milliseconds>(expected * 2, 60000ms);
  }
  EXPECT_EQ(policy.restarts(), 14);
}

TEST(RestartPolicy, AGoodRunResetsTheDelay) {
  RestartPolicy policy({Mode::UnlessStopped, 0});
  (void)policy.container_exited(1, 10ms, Stop::None);
  EXPECT_EQ(policy.container_exited(1, 9999ms, Stop::None), starts_again_after(200ms));
  EXPECT_EQ(policy.container_exited(1, 10s, Stop::None), starts_again_after(100ms));
}

TEST(RestartPolicy, OnFailureAcceptsSuccessAndGivesUpAfterMaxAttempts) {
  RestartPolicy policy({Mode::OnFailure, 1});
  EXPECT_EQ(policy.container_exited(0, 10ms, Stop::None), stays_down("exit code 0"));
  EXPECT_EQ(policy.container_exited(1, 10ms, Stop::None), starts_again_after(100ms));
  EXPECT_EQ(policy.container_exited(1, 10ms, Stop::None), stays_down("exit code 1, 1 of 1 restarts used"));
}

TEST(RestartPolicy, OnFailureWithoutLimitGoesOn) {
  RestartPolicy policy({Mode::OnFailure, 0}, 1000);
  EXPECT_EQ(policy.container_exited(1, 10ms, Stop::None), starts_again_after(100ms));
}

TEST(RestartPolicy, AStopByTheUserIsFinal) {
  for (const Mode mode : {Mode::Always, Mode::UnlessStopped, Mode::OnFailure}) {
    RestartPolicy policy({mode, 0});
    EXPECT_EQ(policy.container_exited(137, 1h, Stop::ByUser), stays_down("stopped by the user"));
  }
}

TEST(RestartPolicy, AStartByTheUserForgives) {
  RestartPolicy policy({Mode::OnFailure, 1});
  (void)policy.container_exited(1, 10ms, Stop::None);
  policy.started_by_user();
  EXPECT_EQ(policy.container_exited(1, 10ms, Stop::None), starts_again_after(100ms));
}

TEST(RestartPolicyTest, ATakeOverGoesOnWithTheDelayOfSoManyRestarts) {
  const engine::RestartPolicy always{engine::RestartPolicy::Mode::Always, 0};
  EXPECT_EQ(RestartPolicy(always, 0).delay_after_take_over(), 100ms);
  EXPECT_EQ(RestartPolicy(always, 1).delay_after_take_over(), 100ms);
  EXPECT_EQ(RestartPolicy(always, 4).delay_after_take_over(), 800ms);
  EXPECT_EQ(RestartPolicy(always, 1000).delay_after_take_over(), 60s);
}

}  // namespace
}  // namespace davit::schedule
