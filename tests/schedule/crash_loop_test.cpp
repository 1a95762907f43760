#include "davit/schedule/crash_loop.hpp"

#include <gtest/gtest.h>

namespace davit::schedule {
namespace {

using namespace std::chrono_literals;

constexpr CrashLoop::Time kBegin{};

TEST(CrashLoop, AnEndAfterThePatienceIsOneTooMany) {
  CrashLoop loop;
  loop.ended(kBegin, 1s);
  loop.ended(kBegin + 999ms, 1s);
  EXPECT_EQ(loop.ends_in_vain(), 0);
  loop.ended(kBegin + 1s, 1s);
  EXPECT_EQ(loop.ends_in_vain(), 3);
}

TEST(CrashLoop, ThePatienceBeginsWithTheFirstEnd) {
  CrashLoop loop;
  loop.ended(kBegin + 1h, 1s);
  EXPECT_EQ(loop.ends_in_vain(), 0) << "a first run may be long";
}

TEST(CrashLoop, NoPatienceOfItsOwnIsTheUsualOne) {
  CrashLoop loop;
  loop.ended(kBegin, 0s);
  loop.ended(kBegin + CrashLoop::kPatience - 1ms, 0s);
  EXPECT_EQ(loop.ends_in_vain(), 0);
  loop.ended(kBegin + CrashLoop::kPatience, 0s);
  EXPECT_EQ(loop.ends_in_vain(), 3);
}

TEST(CrashLoop, WhatCameUpBeginsAnew) {
  CrashLoop loop;
  loop.ended(kBegin, 1s);
  loop.came_up();
  loop.ended(kBegin + 5s, 1s);
  EXPECT_EQ(loop.ends_in_vain(), 0);
}

}  // namespace
}  // namespace davit::schedule
