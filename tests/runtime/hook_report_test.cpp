#include "runtime/hook_report.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace davit::runtime {
namespace {

using engine::ProgramStream;

std::string tail_of(const std::vector<std::string>& pieces) {
  OutputTail tail;
  for (const std::string& piece : pieces) tail.write(piece);
  return tail.text();
}

TEST(OutputTail, PutsPiecesOfLinesTogetherAndKeepsTheOneWithoutAnEnd) {
  EXPECT_EQ(tail_of({"no su", "ch table\nby", "e"}), "no such table\nbye");
}

TEST(OutputTail, KeepsTheLastTenLinesThatAreNotBlank) {
  std::string text;
  for (int i = 1; i <= 14; ++i) text += std::to_string(i) + "\n \n";
  EXPECT_EQ(tail_of({text}), "5\n6\n7\n8\n9\n10\n11\n12\n13\n14");
}

TEST(OutputTail, ShowsOfAProgressBarWhatIsSeenInTheEnd) {
  EXPECT_EQ(tail_of({"10%\r50%\r100%\r\nready\r\n"}), "100%\nready");
}

TEST(OutputTail, KeepsTheLast2048Bytes) {
  const std::string text = tail_of({std::string(3000, 'a') + "\n" + std::string(1000, 'b') + "\n"});
  EXPECT_EQ(text.size(), 2048U);
  EXPECT_EQ(text.substr(text.size() - 1001), "\n" + std::string(1000, 'b'));
  EXPECT_EQ(text.front(), 'a');
}

TEST(HookReport, ShowsLinesOfBothStreamsAsTheyAreCompleted) {
  std::vector<std::string> lines;
  HookReport report([&lines](const std::string& line) { lines.push_back(line); });
  report.write(ProgramStream::Out, "one\ntw");
  EXPECT_EQ(lines, (std::vector<std::string>{"one"}));
  report.write(ProgramStream::Out, "o\n");
  report.write(ProgramStream::Error, "bad\n\nrest");
  EXPECT_EQ(lines, (std::vector<std::string>{"one", "two", "bad", ""}));
  report.finish();
  EXPECT_EQ(lines.back(), "rest");
}

TEST(HookReport, TellsOfAFailureWhatWentToStandardErrorElseToStandardOutput) {
  HookReport both({});
  both.write(ProgramStream::Out, "working\n");
  both.write(ProgramStream::Error, "no such table\n");
  EXPECT_EQ(both.failure("db", 3), "db hook exited with status 3: no such table");
  HookReport out({});
  out.write(ProgramStream::Out, "boo\n");
  EXPECT_EQ(out.failure("db", 3), "db hook exited with status 3: boo");
  EXPECT_EQ(HookReport({}).failure("db", 3), "db hook exited with status 3");
}

}  // namespace
}  // namespace davit::runtime
