#include "davit/logs/pump_retry.hpp"

#include <gtest/gtest.h>

namespace davit::logs {
namespace {

using namespace std::chrono_literals;
using Act = PumpRetry::Act;
using Tell = PumpRetry::Tell;

TEST(PumpRetry, WaitsLongerEachTimeUpToALimit) {
  PumpRetry retry({.first = 10ms, .longest = 60ms, .keep_tries = 5});
  for (const auto pause : {10ms, 20ms, 40ms, 60ms, 60ms}) {
    const auto next = retry.failed();
    EXPECT_EQ(next.act, Act::Wait);
    EXPECT_EQ(next.after, pause);
  }
}

TEST(PumpRetry, DropsWhenItFailsTooOftenInARow) {
  PumpRetry retry({.first = 10ms, .longest = 60ms, .keep_tries = 2});
  EXPECT_EQ(retry.failed().act, Act::Wait);
  EXPECT_EQ(retry.failed().act, Act::Wait);
  for (int i = 0; i < 5; ++i) {
    const auto next = retry.failed();
    EXPECT_EQ(next.act, Act::Drop);
    EXPECT_EQ(next.after, 10ms);
  }
  retry.worked();
  EXPECT_EQ(retry.failed().act, Act::Wait);
}

TEST(PumpRetry, TellsOfAFailureOnceAndOfDroppingOnce) {
  PumpRetry retry({.first = 10ms, .longest = 60ms, .keep_tries = 2});
  for (const auto tell : {Tell::Failure, Tell::Nothing, Tell::Dropping, Tell::Nothing, Tell::Nothing})
    EXPECT_EQ(retry.failed().tell, tell);
  retry.worked();
  EXPECT_EQ(retry.failed().tell, Tell::Failure);
}

}  // namespace
}  // namespace davit::logs
