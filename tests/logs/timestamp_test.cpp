#include "davit/logs/timestamp.hpp"

#include <gtest/gtest.h>

namespace davit::logs {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;

WallTime moment(std::chrono::nanoseconds in_day = 0ns) {
  return sys_days{std::chrono::year{2026} / 11 / 23} + in_day;
}

std::chrono::seconds two_hours_east(std::chrono::local_seconds) {
  return 2h;
}

std::optional<WallTime> parse(std::string_view text, TimeContext context = {.now = moment(12h)}) {
  const auto result = parse_log_time(text, context);
  return result ? std::optional(*result) : std::nullopt;
}

TEST(Timestamp, HasNineDigitsAndFixedLength) {
  EXPECT_EQ(view(format_timestamp(moment(3h + 30min + 123456789ns))), "2026-11-23T03:30:00.123456789Z");
  EXPECT_EQ(view(format_timestamp(moment())), "2026-11-23T00:00:00.000000000Z");
  EXPECT_EQ(view(format_timestamp(WallTime{-1ns})), "1969-12-31T23:59:59.999999999Z");
}

TEST(Timestamp, ReadsBackWhatItWrote) {
  for (const auto time : {moment(3h + 1ns), WallTime{0ns}, WallTime{-1ns}, moment(23h + 59min + 59s)})
    EXPECT_EQ(parse_timestamp(view(format_timestamp(time))), time);
}

TEST(Timestamp, ReadsOtherZonesAndFractions) {
  EXPECT_EQ(parse_timestamp("2026-11-23T05:30:00.5+02:00"), moment(3h + 30min + 500ms));
  EXPECT_EQ(parse_timestamp("2026-11-23T03:30:00Z"), moment(3h + 30min));
  EXPECT_EQ(parse_timestamp("2026-11-23T03:30:00.1234567891Z"), moment(3h + 30min + 123456789ns));
}

TEST(Timestamp, RefusesWhatIsNone) {
  for (const auto* text : {"", "2026", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-11-23T24:00:00Z",
                           "2026-11-23T00:00:00", "2026-11-23T00:00:00.Z", "2026-11-23T00:00:00Zx",
                           "0001-01-01T00:00:00Z", "2026-11-23T00:00:00+2:00", "hello world"})
    EXPECT_EQ(parse_timestamp(text), std::nullopt) << text;
}

TEST(LogTime, DurationsCountBackFromNow) {
  EXPECT_EQ(parse("10m"), moment(12h - 10min));
  EXPECT_EQ(parse("1h30m"), moment(10h + 30min));
  EXPECT_EQ(parse("1.5s"), moment(12h - 1500ms));
}

TEST(LogTime, DatesMayBeCutOffAnywhere) {
  EXPECT_EQ(parse("2026-11-23"), moment());
  EXPECT_EQ(parse("2026-11-23T03"), moment(3h));
  EXPECT_EQ(parse("2026-11-23T03:30"), moment(3h + 30min));
  EXPECT_EQ(parse("2026-11-23T03:30:01"), moment(3h + 30min + 1s));
  EXPECT_EQ(parse("2026-11-23T03:30:01.25"), moment(3h + 30min + 1250ms));
  EXPECT_EQ(parse("2026-11-23Z"), moment());
  EXPECT_EQ(parse("2026-11-23T03:30+01:00"), moment(2h + 30min));
}

TEST(LogTime, WithoutAZoneTheTimeIsLocal) {
  const TimeContext east{.now = moment(12h), .utc_offset = &two_hours_east};
  EXPECT_EQ(parse("2026-11-23T03:30:00", east), moment(1h + 30min));
  EXPECT_EQ(parse("2026-11-23T03:30:00Z", east), moment(3h + 30min));
}

TEST(LogTime, UnixSecondsWithFraction) {
  EXPECT_EQ(parse("1136073845"), WallTime{1136073845s});
  EXPECT_EQ(parse("1136073845.000000001"), WallTime{1136073845s + 1ns});
  EXPECT_EQ(parse("0"), WallTime{0s});
}

TEST(LogTime, TheErrorSaysWhatIsAllowed) {
  for (const auto* text : {"", "yesterday", "10", "2026-11-23T", "2026-11-23T03:", "12345678901234567890"}) {
    if (std::string_view(text) == "10") continue;  // unix seconds
    const auto result = parse_log_time(text, {.now = moment()});
    ASSERT_FALSE(result.has_value()) << text;
    EXPECT_NE(result.error().find("'" + std::string(text) + "' is not a time"), std::string::npos);
  }
}

}  // namespace
}  // namespace davit::logs
