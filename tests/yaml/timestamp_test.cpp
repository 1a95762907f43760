#include "davit/yaml/timestamp.hpp"

#include <gtest/gtest.h>

namespace davit::yaml {
namespace {

TEST(Timestamp, IsReadInAllItsForms) {
  EXPECT_EQ(parse_timestamp("2001-12-14"), "2001-12-14T00:00:00Z");
  EXPECT_EQ(parse_timestamp("2001-1-2"), "2001-01-02T00:00:00Z");
  EXPECT_EQ(parse_timestamp("2001-12-14 21:59:43.10"), "2001-12-14T21:59:43.1Z");
  EXPECT_EQ(parse_timestamp("2001-12-14t21:59:43.100-05:00"), "2001-12-14T21:59:43.1-05:00");
  EXPECT_EQ(parse_timestamp("2001-12-14T1:2:3Z"), "2001-12-14T01:02:03Z");
  EXPECT_EQ(parse_timestamp("2000-02-29"), "2000-02-29T00:00:00Z");
}

TEST(Timestamp, IsNothingElse) {
  for (const char* text : {"", "2001-12", "2001-13-01", "2001-02-29", "1900-02-29", "2001-12-32", "01-12-2001",
                           "2001-12-14x", "2001-12-14T21:59", "2001-12-14T21:59:43", "2001-12-14 24:00:00",
                           "2001-12-14 21:59:43Z", "2001-12-14T21:59:43+5", "20011-12-14"})
    EXPECT_EQ(parse_timestamp(text), std::nullopt) << text;
}

TEST(Timestamp, BecomesAStringAsGoPrintsIt) {
  EXPECT_EQ(timestamp_as_string("2001-12-14T00:00:00Z"), "2001-12-14 00:00:00 +0000 UTC");
  EXPECT_EQ(timestamp_as_string("2001-12-14T21:59:43.1-05:00"), "2001-12-14 21:59:43.1 -0500 -0500");
}

}  // namespace
}  // namespace davit::yaml
