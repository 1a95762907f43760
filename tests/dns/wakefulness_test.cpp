#include "dns/wakefulness.hpp"

#include <gtest/gtest.h>

namespace davit::dns {
namespace {

using namespace std::chrono_literals;

constexpr Wakefulness::Time kStart{1s};
constexpr auto kShortest = Wakefulness::kShortest;
constexpr auto kLongest = Wakefulness::kLongest;
constexpr auto kThick = Wakefulness::kThick;

/// A server whose clock stands at its last answer.
class Server {
 public:
  /// A question that is answered so long after the one before.
  void asked_after(std::chrono::microseconds gap) {
    now_ += gap;
    wakefulness_.answered(now_);
  }
  [[nodiscard]] bool awake_after(std::chrono::microseconds time) const { return wakefulness_.awake(now_ + time); }

 private:
  Wakefulness wakefulness_;
  Wakefulness::Time now_ = kStart;
};

/// One whose last looks found nothing, as often as it takes to give up.
Server after_looking_in_vain() {
  Server server;
  server.asked_after(0us);
  for (int question = 0; question <= Wakefulness::kInVain; ++question) server.asked_after(kThick - 1us);
  return server;
}

TEST(Wakefulness, SleepsAfterASingleQuestion) {
  Server server;
  EXPECT_FALSE(server.awake_after(0us));
  server.asked_after(0us);
  EXPECT_FALSE(server.awake_after(0us));
}

TEST(Wakefulness, SleepsBetweenQuestionsThatComeNowAndThen) {
  Server server;
  for (int question = 0; question < 5; ++question) {
    server.asked_after(kThick);
    ASSERT_FALSE(server.awake_after(0us)) << question;
  }
}

TEST(Wakefulness, StaysAwakeInABurstUntilNothingComesAnyMore) {
  Server server;
  server.asked_after(0us);
  server.asked_after(kThick - 1us);
  EXPECT_TRUE(server.awake_after(0us));
  EXPECT_TRUE(server.awake_after(kShortest - 1us));
  EXPECT_FALSE(server.awake_after(kShortest));
}

TEST(Wakefulness, StaysAwakeNoLongerThanItHadTo) {
  Server server;
  server.asked_after(0us);
  server.asked_after(10us);
  for (int question = 0; question < 100; ++question) {
    server.asked_after(kShortest - 1us);
    ASSERT_TRUE(server.awake_after(kShortest - 1us)) << question;
    ASSERT_FALSE(server.awake_after(kShortest)) << question;
  }
}

TEST(Wakefulness, StaysAwakeTwiceAsLongAfterAQuestionThatCameTooLate) {
  Server server;
  server.asked_after(0us);
  server.asked_after(10us);
  server.asked_after(kShortest);
  EXPECT_TRUE(server.awake_after(2 * kShortest - 1us));
  EXPECT_FALSE(server.awake_after(2 * kShortest));
}

TEST(Wakefulness, StaysAwakeForALimitedTime) {
  Server server;
  server.asked_after(0us);
  for (int question = 0; question < 4; ++question) server.asked_after(kLongest);
  EXPECT_TRUE(server.awake_after(kLongest - 1us));
  EXPECT_FALSE(server.awake_after(kLongest));
}

TEST(Wakefulness, AQuestionAfterThePauseStartsAnew) {
  Server server;
  server.asked_after(0us);
  for (int question = 0; question < 4; ++question) server.asked_after(kLongest);
  server.asked_after(kThick);
  EXPECT_FALSE(server.awake_after(0us));
  server.asked_after(10us);
  EXPECT_TRUE(server.awake_after(kShortest - 1us));
  EXPECT_FALSE(server.awake_after(kShortest));
}

TEST(Wakefulness, DoesNotLookInVainForEver) {
  Server server;
  server.asked_after(0us);
  int looks = 0;
  for (int question = 0; question < 100; ++question) {
    server.asked_after(kThick - 1us);
    if (server.awake_after(0us)) ++looks;
  }
  EXPECT_EQ(looks, Wakefulness::kInVain);
}

TEST(Wakefulness, LooksAgainAfterAQuestionThatALookWouldHaveFound) {
  Server server = after_looking_in_vain();
  server.asked_after(kLongest - 1us);
  EXPECT_TRUE(server.awake_after(kLongest - 1us));
}

TEST(Wakefulness, LooksAgainInAnotherBurst) {
  Server server = after_looking_in_vain();
  server.asked_after(kThick);
  EXPECT_FALSE(server.awake_after(0us));
  server.asked_after(kLongest);
  EXPECT_TRUE(server.awake_after(kShortest - 1us));
}

TEST(Wakefulness, AQuestionThatWasFoundMakesUpForThoseThatWereNot) {
  Server server;
  server.asked_after(0us);
  for (int round = 0; round < 10; ++round) {
    for (int question = 0; question < Wakefulness::kInVain - 1; ++question) server.asked_after(kThick - 1us);
    server.asked_after(1us);
    ASSERT_TRUE(server.awake_after(0us)) << round;
  }
}

}  // namespace
}  // namespace davit::dns
