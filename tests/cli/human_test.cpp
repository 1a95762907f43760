#include "cli/human.hpp"

#include <gtest/gtest.h>

namespace davit::cli {
namespace {

using namespace std::chrono_literals;

TEST(Human, SizesHaveThreeDigits) {
  EXPECT_EQ(human_size(0), "0B");
  EXPECT_EQ(human_size(999), "999B");
  EXPECT_EQ(human_size(7800), "7.8kB");
  EXPECT_EQ(human_size(117'234'567), "117MB");
  EXPECT_EQ(human_size(1'240'000'000), "1.24GB");
  EXPECT_EQ(human_size(999'900), "1000kB");
}

TEST(Human, DurationsAreRoundedAsDockerDoes) {
  EXPECT_EQ(human_duration(500ms), "Less than a second");
  EXPECT_EQ(human_duration(1s), "1 second");
  EXPECT_EQ(human_duration(59s), "59 seconds");
  EXPECT_EQ(human_duration(119s), "About a minute");
  EXPECT_EQ(human_duration(59min), "59 minutes");
  EXPECT_EQ(human_duration(80min), "About an hour");
  EXPECT_EQ(human_duration(47h), "47 hours");
  EXPECT_EQ(human_duration(48h), "2 days");
  EXPECT_EQ(human_duration(24h * 14), "2 weeks");
  EXPECT_EQ(human_duration(24h * 60), "2 months");
  EXPECT_EQ(human_duration(24h * 365 * 3), "3 years");
}

TEST(Human, TableColumnsAreAtLeastTenWide) {
  EXPECT_EQ(table({{"A", "B"}, {"long-enough", "x"}}), "A             B\nlong-enough   x\n");
  EXPECT_EQ(table({{"A", "B"}, {"\xc3\xbc", "x"}}), "A         B\n\xc3\xbc         x\n");
}

}  // namespace
}  // namespace davit::cli
