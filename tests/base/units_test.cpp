#include "davit/base/units.hpp"

#include <gtest/gtest.h>

namespace davit {
namespace {

using namespace std::chrono_literals;

TEST(Bytes, TakeUnitsOfAnyCaseWithFactor1024) {
  EXPECT_EQ(*parse_bytes("64m"), 64 << 20);
  EXPECT_EQ(*parse_bytes("1.5GB"), 1536LL << 20);
  EXPECT_EQ(*parse_bytes("1024"), 1024);
  EXPECT_EQ(*parse_bytes("10 kib"), 10240);
  EXPECT_EQ(*parse_bytes("-1"), -1);
}

TEST(Bytes, MayHaveAnyFloatingPointLiteralBeforeTheUnit) {
  EXPECT_EQ(*parse_bytes("1e3"), 1000);
  EXPECT_EQ(*parse_bytes("1e3k"), 1024000);
  EXPECT_EQ(*parse_bytes("1_000"), 1000);
  EXPECT_EQ(*parse_bytes("+1k"), 1024);
  EXPECT_EQ(*parse_bytes("0x1p4"), 16);
  EXPECT_EQ(*parse_bytes("9223372036854775807"), 9223372036854775807);
}

TEST(Bytes, BelowZeroAreWholeNumbersWithoutUnit) {
  EXPECT_EQ(*parse_bytes("-5"), -5);
  EXPECT_FALSE(parse_bytes("-5k"));
  EXPECT_FALSE(parse_bytes("-1.5"));
}

TEST(Numbers, AreReadAsGoReadsThem) {
  EXPECT_EQ(parse_number("+1.5e1"), 15);
  EXPECT_EQ(parse_number("1_000"), 1000);
  EXPECT_EQ(parse_number(".5"), 0.5);
  EXPECT_EQ(parse_number("0x1p-2"), 0.25);
  for (const char* bad : {"", "+", "0x10", "0o10", "_1", "1_", "1__0", "1,5", "1e400", " 1", "nan(0)", "+-1"})
    EXPECT_EQ(parse_number(bad), std::nullopt) << bad;
}

TEST(Bytes, RefuseWhatIsNoSize) {
  for (const char* bad : {"", "m", "12x", "1..5m", "99999999999g", "1  m", "0x10", "1e", "8e", "inf", "8192p"})
    EXPECT_FALSE(parse_bytes(bad)) << bad;
}

TEST(Bytes, AreWrittenForPeople) {
  EXPECT_EQ(format_bytes(0), "0B");
  EXPECT_EQ(format_bytes(1536), "1.5KiB");
  EXPECT_EQ(format_bytes(64 << 20), "64MiB");
}

TEST(Durations, TakeGoFormsAndDaysAndWeeks) {
  EXPECT_EQ(*parse_duration("1m30s"), 90s);
  EXPECT_EQ(*parse_duration("1.5h"), 90min);
  EXPECT_EQ(*parse_duration("500ms"), 500ms);
  EXPECT_EQ(*parse_duration("2d"), 48h);
  EXPECT_EQ(*parse_duration("1w"), 168h);
  EXPECT_EQ(*parse_duration("0"), 0s);
  EXPECT_EQ(*parse_duration("-2s"), -2s);
}

TEST(Durations, AreExactToTheNanosecond) {
  EXPECT_EQ(*parse_duration("1.015s"), 1015ms);
  EXPECT_EQ(*parse_duration("1015ms"), 1015ms);
  EXPECT_EQ(*parse_duration(".3s"), 300ms);
  EXPECT_EQ(*parse_duration("9223372036854775807ns"), std::chrono::nanoseconds::max());
  EXPECT_EQ(*parse_duration("0." + std::string(100'000, '9') + "s"), 999'999'999ns);
}

TEST(Durations, RefuseWhatIsTooLong) {
  for (const std::string& bad : {std::string("9223372036854775808ns"), std::string("99999999999999999999h"),
                                 std::string("2562047h1000h"), std::string(100'000, '9') + "s"})
    EXPECT_FALSE(parse_duration(bad)) << bad.substr(0, 40);
}

TEST(Durations, RefuseABareNumberAndUnknownUnits) {
  for (const char* bad : {"", "10", "5x", "s", "1m30", "."}) EXPECT_FALSE(parse_duration(bad)) << bad;
}

TEST(Durations, PrintAsGoDoes) {
  EXPECT_EQ(format_duration(90s), "1m30s");
  EXPECT_EQ(format_duration(500ms), "500ms");
  EXPECT_EQ(format_duration(1500ms), "1.5s");
  EXPECT_EQ(format_duration(2h), "2h0m0s");
  EXPECT_EQ(format_duration(0s), "0s");
}

}  // namespace
}  // namespace davit
