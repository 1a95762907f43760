#include "davit/health/readiness.hpp"

#include <gtest/gtest.h>

namespace davit::health {
namespace {

using namespace std::chrono_literals;
using Activity = Look::Activity;
using LookAgain = Readiness::LookAgain;
using Ready = Readiness::Ready;
using Silent = Readiness::Silent;

/// A moment on the test's clock; 0 is the start of the container.
Time at(Duration since_start) {
  return Time{std::chrono::duration_cast<Time::duration>(since_start)};
}

const Look kBusy{Activity::Busy, {}};
const Look kAsleep{Activity::Asleep, {}};

Look listening(std::set<std::uint16_t> ports) {
  return {Activity::Busy, std::move(ports)};
}

Readiness without_ports() {
  return {{}, {}, at(0ms)};
}

TEST(Readiness, ASleeperIsReadyAtTheSecondLook) {
  Readiness readiness = without_ports();
  EXPECT_EQ(readiness.looked(kAsleep, at(1ms)), Readiness::Action(LookAgain{at(2ms)}));
  EXPECT_EQ(readiness.looked(kAsleep, at(2ms)), Readiness::Action(Ready{}));
}

TEST(Readiness, OneMomentOfSleepIsNotEnough) {
  Readiness readiness = without_ports();
  (void)readiness.looked(kAsleep, at(1ms));
  (void)readiness.looked(kBusy, at(2ms));
  EXPECT_EQ(readiness.looked(kAsleep, at(4ms)), Readiness::Action(LookAgain{at(8ms)}));
  EXPECT_EQ(readiness.looked(kAsleep, at(8ms)), Readiness::Action(Ready{}));
}

TEST(Readiness, ABusyProgramIsWatchedForAsLongAsDockerComposeWaits) {
  Readiness readiness = without_ports();
  EXPECT_TRUE(std::holds_alternative<LookAgain>(readiness.looked(kBusy, at(499ms))));
  EXPECT_EQ(readiness.looked(kBusy, at(500ms)), Readiness::Action(Ready{}));
}

TEST(Readiness, LooksBecomeRarer) {
  Readiness readiness = without_ports();
  std::vector<Duration> waits;
  for (Time now = at(0ms); waits.size() < 8;) {
    const auto next = std::get<LookAgain>(readiness.looked(kBusy, now)).at;
    waits.push_back(next - now);
    now = next;
  }
  EXPECT_EQ(waits, (std::vector<Duration>{1ms, 2ms, 4ms, 8ms, 16ms, 32ms, 32ms, 32ms}));
}

TEST(Readiness, PublishedPortsAreAwaitedHoweverMuchTheProgramSleeps) {
  Readiness readiness({80, 443}, {}, at(0ms));
  EXPECT_TRUE(std::holds_alternative<LookAgain>(readiness.looked(kAsleep, at(1s))));
  EXPECT_TRUE(std::holds_alternative<LookAgain>(readiness.looked(listening({80, 22}), at(2s))));
  EXPECT_EQ(readiness.looked(listening({80, 443, 22}), at(2500ms)), Readiness::Action(Ready{}));
}

TEST(Readiness, ASilentPortIsNamedWhenTheLimitHasPassed) {
  Readiness readiness({80, 443}, {.listen = 10s}, at(0ms));
  EXPECT_TRUE(std::holds_alternative<LookAgain>(readiness.looked(kAsleep, at(9999ms))));
  EXPECT_EQ(readiness.looked(kAsleep, at(10s)), Readiness::Action(Silent{{80, 443}}));
}

TEST(Readiness, AfterTheFirstPortTheOthersAreNotAwaitedForLong) {
  Readiness readiness({3000, 9229}, {.listen = 10s, .rest = 1s}, at(0ms));
  EXPECT_TRUE(std::holds_alternative<LookAgain>(readiness.looked(listening({3000}), at(100ms))));
  EXPECT_TRUE(std::holds_alternative<LookAgain>(readiness.looked(listening({3000}), at(1099ms))));
  EXPECT_EQ(readiness.looked(listening({3000}), at(1100ms)), Readiness::Action(Silent{{9229}}));
}

TEST(Readiness, AContainerThatHasBeenUpForLongIsAnsweredForAtOnce) {
  Readiness busy = without_ports();
  EXPECT_EQ(busy.looked(kBusy, at(1h)), Readiness::Action(Ready{}));
  Readiness silent({80}, {}, at(0ms));
  EXPECT_EQ(silent.looked(kAsleep, at(1h)), Readiness::Action(Silent{{80}}));
}

}  // namespace
}  // namespace davit::health
