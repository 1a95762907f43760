#include "dns/wakefulness.hpp"

#include <gtest/gtest.h>

namespace davit::dns {
namespace {

using namespace std::chrono_literals;

constexpr Wakefulness::Time kStart{1s};

TEST(Wakefulness, SleepsAfterASingleQuestion) {
  Wakefulness wakefulness;
  EXPECT_FALSE(wakefulness.awake(kStart));
  wakefulness.answered(kStart);
  EXPECT_FALSE(wakefulness.awake(kStart));
}

TEST(Wakefulness, SleepsBetweenQuestionsThatComeNowAndThen) {
  Wakefulness wakefulness;
  for (int question = 0; question < 5; ++question) {
    wakefulness.answered(kStart + question * Wakefulness::kThick);
    ASSERT_FALSE(wakefulness.awake(kStart + question * Wakefulness::kThick));
  }
}

TEST(Wakefulness, StaysAwakeInABurstUntilNothingComesAnyMore) {
  Wakefulness wakefulness;
  wakefulness.answered(kStart);
  const auto second = kStart + Wakefulness::kThick - 1us;
  wakefulness.answered(second);
  EXPECT_TRUE(wakefulness.awake(second));
  EXPECT_TRUE(wakefulness.awake(second + Wakefulness::kAwake - 1us));
  EXPECT_FALSE(wakefulness.awake(second + Wakefulness::kAwake));
}

TEST(Wakefulness, ALateQuestionEndsTheBurst) {
  Wakefulness wakefulness;
  wakefulness.answered(kStart);
  wakefulness.answered(kStart + 1us);
  wakefulness.answered(kStart + 1s);
  EXPECT_FALSE(wakefulness.awake(kStart + 1s));
}

}  // namespace
}  // namespace davit::dns
