#include "davit/logs/read_pacing.hpp"

#include <gtest/gtest.h>

namespace davit::logs {
namespace {

using Wait = ReadPacing::Wait;
using namespace std::chrono_literals;

constexpr ReadPacing::Time kStart{1s};

TEST(ReadPacing, WaitsForSingleLines) {
  ReadPacing pacing;
  for (int line = 0; line < 5; ++line) EXPECT_EQ(pacing.emptied(80, kStart + line * 1ms), Wait::UntilReadable);
}

TEST(ReadPacing, PausesWhenOutputComesThick) {
  ReadPacing pacing;
  EXPECT_EQ(pacing.emptied(80, kStart), Wait::UntilReadable);
  EXPECT_EQ(pacing.emptied(80, kStart + ReadPacing::kPause / 2), Wait::Pause);
}

TEST(ReadPacing, PausesAsLongAsPausesBringSomething) {
  ReadPacing pacing;
  (void)pacing.emptied(80, kStart);
  for (int turn = 1; turn < 100; ++turn)
    ASSERT_EQ(pacing.emptied(40'000, kStart + turn * (ReadPacing::kPause / 2)), Wait::Pause);
  // Late by another's work: still a flood.
  EXPECT_EQ(pacing.emptied(40'000, kStart + 1s), Wait::Pause);
}

TEST(ReadPacing, WaitsAgainAfterAPauseThatBroughtNothing) {
  ReadPacing pacing;
  (void)pacing.emptied(80, kStart);
  ASSERT_EQ(pacing.emptied(80, kStart + 1us), Wait::Pause);
  EXPECT_EQ(pacing.emptied(0, kStart + 102us), Wait::UntilReadable);
  EXPECT_EQ(pacing.emptied(80, kStart + 1s), Wait::UntilReadable);
}

TEST(ReadPacing, NeverPausesForNothing) {
  ReadPacing pacing;
  EXPECT_EQ(pacing.emptied(0, kStart), Wait::UntilReadable);
  EXPECT_EQ(pacing.emptied(0, kStart + 1us), Wait::UntilReadable);
}

}  // namespace
}  // namespace davit::logs
