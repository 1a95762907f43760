#include "davit/logs/printer.hpp"

#include <gtest/gtest.h>

namespace davit::logs {
namespace {

constexpr std::string_view kTime = "2026-11-23T03:30:00.123456789Z";
const Line kLine{.time = kTime, .stream = Stream::Stdout, .text = "hello", .ended = true};

TEST(LinePrinter, PadsNamesToTheLongestOneAndABlank) {
  LinePrinter printer{{}};
  const auto web = printer.add("web-1");
  const auto database = printer.add("database-1");
  std::string out;
  printer.print(web, kLine, out);
  printer.print(database, kLine, out);
  EXPECT_EQ(out, "web-1       | hello\ndatabase-1  | hello\n");
}

TEST(LinePrinter, TimestampsStandBeforeTheText) {
  LinePrinter printer{{.timestamps = true}};
  std::string out;
  printer.print(printer.add("a-1"), kLine, out);
  EXPECT_EQ(out, "a-1  | 2026-11-23T03:30:00.123456789Z hello\n");
}

TEST(LinePrinter, WithoutPrefixOnlyTheText) {
  LinePrinter printer{{.prefix = false}};
  std::string out;
  printer.print(printer.add("a-1"), kLine, out);
  EXPECT_EQ(out, "hello\n");
}

TEST(LinePrinter, ColoursGoRoundAndCoverThePrefixOnly) {
  LinePrinter printer{{.colour = true}};
  std::string out;
  printer.print(printer.add("a-1"), kLine, out);
  printer.print(printer.add("b-1"), kLine, out);
  EXPECT_EQ(out, "\x1b[36ma-1  | \x1b[0mhello\n\x1b[33mb-1  | \x1b[0mhello\n");
  EXPECT_EQ(log_colour(0), log_colour(10));
}

TEST(LinePrinter, NotesNameTheContainer) {
  LinePrinter printer{{}};
  std::string out;
  printer.print_note(printer.add("web-1"), "exited with code 0", out);
  EXPECT_EQ(out, "web-1 exited with code 0\n");
}

TEST(LinePrinter, BinaryTextIsNotChanged) {
  LinePrinter printer{{.prefix = false}};
  const std::string binary{"\0\xff\r\x1b", 4};
  std::string out;
  printer.print(printer.add("a"), {.time = kTime, .text = binary}, out);
  EXPECT_EQ(out, binary + "\n");
}

}  // namespace
}  // namespace davit::logs
