#include "state/headroom.hpp"

#include <gtest/gtest.h>

namespace davit::state::detail {
namespace {

constexpr std::int64_t kPage = 4096;
constexpr std::int64_t kFrame = kPage + 24;

TEST(Headroom, ANewLogGetsIt) {
  EXPECT_EQ(log_growth(1, kPage, 32 + kFrame), 2 * kHeadroom);
}

TEST(Headroom, ALogIsLongEnoughUntilLessIsLeft) {
  const std::int64_t end = 32 + 200 * kFrame;
  EXPECT_EQ(log_growth(200, kPage, end + kHeadroom), std::nullopt);
  EXPECT_EQ(log_growth(200, kPage, end + kHeadroom - 1), 2 * kHeadroom);
}

TEST(Headroom, ALogIsNeverAskedToShrinkOrToStay) {
  for (std::int64_t frames = 0; frames < 3000; ++frames) {
    const std::int64_t size = 32 + frames * kFrame + kHeadroom - 1;
    const auto wanted = log_growth(frames, kPage, size);
    ASSERT_TRUE(wanted);
    EXPECT_GT(*wanted, size);
    EXPECT_EQ(log_growth(frames, kPage, *wanted), std::nullopt);
  }
}

/// SQLite rounds the file's size up to a multiple of the chunk.
TEST(Headroom, ADatabaseRoundedUpToItsChunkHasIt) {
  for (const std::int64_t pages : {0, 1, 255, 256, 257, 4000, 100'000}) {
    const std::int64_t bytes = pages * kPage;
    const std::int64_t chunk = file_chunk(pages, kPage);
    const std::int64_t size = (bytes + chunk - 1) / chunk * chunk;
    EXPECT_GE(pages == 0 ? chunk : size, bytes + kHeadroom) << pages;
    EXPECT_LE(size, bytes + 2 * kHeadroom) << pages;
  }
}

TEST(Headroom, AVeryLargeDatabaseIsRoundedByWhatFits) {
  EXPECT_GT(file_chunk(1'000'000'000, kPage), 0);
}

}  // namespace
}  // namespace davit::state::detail
