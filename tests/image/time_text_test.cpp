#include "davit/image/time_text.hpp"

#include <gtest/gtest.h>

namespace davit::image {
namespace {

TEST(Rfc3339, ReadsFractionsAndOffsets) {
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:01Z"), 1'000'000'000);
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00.5Z"), 500'000'000);
  EXPECT_EQ(parse_rfc3339("1970-01-01T01:30:00.000000001+01:30"), 1);
  EXPECT_EQ(parse_rfc3339("2024-02-29T23:59:59-02:00"), parse_rfc3339("2024-03-01T01:59:59Z"));
}

TEST(Rfc3339, RefusesTheRest) {
  for (const char* bad :
       {"", "2024-01-01", "2024-13-01T00:00:00Z", "2023-02-29T00:00:00Z", "2024-01-01T24:00:00Z", "2024-01-01T00:00:00",
        "2024-01-01T00:00:00Zx", "0001-01-01T00:00:00Z", "2024-01-01T00:00:00+1:00"})
    EXPECT_FALSE(parse_rfc3339(bad)) << bad;
}

TEST(Rfc3339, WritesWhatItReads) {
  for (const char* text : {"2026-11-23T08:00:00Z", "1999-12-31T23:59:59.000000001Z", "1969-12-31T23:59:59.5Z"}) {
    const auto ns = parse_rfc3339(text);
    ASSERT_TRUE(ns) << text;
    EXPECT_EQ(parse_rfc3339(format_rfc3339(*ns)), ns);
  }
  EXPECT_EQ(format_rfc3339(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(format_rfc3339(1'500'000'000), "1970-01-01T00:00:01.500000000Z");
}

}  // namespace
}  // namespace davit::image
