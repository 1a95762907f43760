#include "davit/logs/reader.hpp"

#include <gtest/gtest.h>

#include <random>

#include "log_folder.hpp"

namespace davit::logs {
namespace {

using namespace std::chrono_literals;
using testing::TempFolder;

constexpr WallTime kStart{1795404600s};

std::string record(std::chrono::seconds after, std::string_view stream, std::string_view tag, std::string_view text) {
  return std::string(view(format_timestamp(kStart + after))) + " " + std::string(stream) + " " + std::string(tag) +
         " " + std::string(text) + "\n";
}
std::string full(std::chrono::seconds after, std::string_view text) {
  return record(after, "stdout", "F", text);
}

class LogReaderTest : public ::testing::Test {
 protected:
  void write(int number, std::string_view bytes) {
    std::filesystem::create_directories(folder_.log());
    std::ofstream file(folder_.log() + "/" + log_file_name(static_cast<std::uint64_t>(number)),
                       std::ios::app | std::ios::binary);
    file << bytes;
  }

  [[nodiscard]] LogReader reader(ReadOptions options = {}) const { return LogReader{folder_.log(), options}; }

  static std::vector<std::string> lines_of(LogReader& reader) {
    std::vector<std::string> lines;
    while (const auto line = reader.next()) lines.emplace_back(line->text);
    return lines;
  }
  static std::vector<std::string> all_of(LogReader reader) {
    auto lines = lines_of(reader);
    while (const auto line = reader.flush()) lines.push_back(std::string(line->text) + "…");
    return lines;
  }
  [[nodiscard]] std::vector<std::string> tail(std::uint64_t count) const { return all_of(reader({.tail = count})); }

  TempFolder folder_;
};

using Lines = std::vector<std::string>;

TEST_F(LogReaderTest, ReadsAllFilesInOrderAndJoinsLines) {
  write(3, full(0s, "one") + record(1s, "stdout", "P", "two "));
  write(4, record(1s, "stderr", "F", "err") + record(2s, "stdout", "F", "parts") + record(3s, "stdout", "P", "open"));
  EXPECT_EQ(all_of(reader()), (Lines{"one", "err", "two parts", "open…"}));
}

TEST_F(LogReaderTest, AnAbsentLogIsReadWhenItComes) {
  LogReader log = reader();
  EXPECT_EQ(lines_of(log), Lines{});
  write(1, full(0s, "one"));
  EXPECT_EQ(lines_of(log), Lines{"one"});
}

TEST_F(LogReaderTest, GoesOnOverTornWritesAndNewFiles) {
  write(1, full(0s, "one"));
  LogReader log = reader();
  EXPECT_EQ(lines_of(log), Lines{"one"});
  const std::string two = full(1s, "two");
  write(1, two.substr(0, 20));
  EXPECT_EQ(lines_of(log), Lines{});
  write(1, two.substr(20));
  write(2, full(2s, "three"));
  EXPECT_EQ(lines_of(log), (Lines{"two", "three"}));
  write(2, full(3s, "four"));
  EXPECT_EQ(lines_of(log), Lines{"four"});
}

TEST_F(LogReaderTest, FilesRemovedBeforeTheyWereReadLeaveALine) {
  write(1, full(0s, "one"));
  LogReader log = reader();
  EXPECT_EQ(lines_of(log), Lines{"one"});
  write(1, record(1s, "stdout", "P", "tw"));
  write(4, full(9s, "ten") + full(9s, "eleven"));
  EXPECT_EQ(lines_of(log),
            (Lines{"tw",
                   "[davit: output is missing here: 2 log files were removed by rotation before it could "
                   "be read, some 174 bytes]",
                   "ten", "eleven"}));
  write(6, full(9s, "twelve"));
  EXPECT_EQ(lines_of(log),
            (Lines{"[davit: output is missing here: 1 log file was removed by rotation before it could be "
                   "read, some 91 bytes]",
                   "twelve"}));
}

TEST_F(LogReaderTest, RecordsTooShowWhereFilesAreMissing) {
  write(1, full(0s, "one"));
  LogReader log = reader();
  ASSERT_TRUE(log.next_record());
  write(3, full(9s, "three"));
  const auto gap = log.next_record();
  ASSERT_TRUE(gap);
  EXPECT_EQ(gap->stream, Stream::Stderr);
  EXPECT_TRUE(gap->text.starts_with("[davit: output is missing here: 1 log file")) << gap->text;
  const auto after = log.next_record();
  ASSERT_TRUE(after);
  EXPECT_EQ(after->text, "three");
  EXPECT_FALSE(log.next_record());
}

TEST_F(LogReaderTest, ForeignTextIsALine) {
  write(1, "hello\n" + full(0s, "one"));
  EXPECT_EQ(all_of(reader()), (Lines{"hello", "one"}));
}

TEST_F(LogReaderTest, RecordsAreHandedOutAsWritten) {
  write(1, record(0s, "stdout", "P", "name? "));
  LogReader log = reader();
  auto first = log.next_record();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->text, "name? ");
  EXPECT_EQ(first->extent, Extent::Partial);
  EXPECT_FALSE(log.next_record());
}

TEST_F(LogReaderTest, TailCountsLinesFromTheEnd) {
  write(1, full(0s, "one") + full(1s, "two"));
  write(2, full(2s, "three"));
  EXPECT_EQ(tail(0), Lines{});
  EXPECT_EQ(tail(1), Lines{"three"});
  EXPECT_EQ(tail(2), (Lines{"two", "three"}));
  EXPECT_EQ(tail(3), (Lines{"one", "two", "three"}));
  EXPECT_EQ(tail(9), (Lines{"one", "two", "three"}));
}

TEST_F(LogReaderTest, LastLinesTakesAFileOrItsFolder) {
  write(1, full(0s, "one") + full(1s, "two") + record(2s, "stderr", "P", "three"));
  EXPECT_EQ(last_lines(folder_.log(), 2), (Lines{"two", "three"}));
  EXPECT_EQ(last_lines(folder_.log() + "/000001.log", 2), (Lines{"two", "three"}));
  EXPECT_EQ(last_lines(folder_.path() + "/absent/000001.log", 2), Lines{});
}

TEST_F(LogReaderTest, TailZeroShowsWhatComesLater) {
  write(1, full(0s, "one"));
  LogReader log = reader({.tail = 0});
  EXPECT_EQ(lines_of(log), Lines{});
  write(1, full(1s, "two"));
  EXPECT_EQ(lines_of(log), Lines{"two"});
}

TEST_F(LogReaderTest, TailTakesLinesWhole) {
  write(1, full(0s, "one") + record(1s, "stdout", "P", "a") + record(1s, "stderr", "P", "x"));
  write(2, record(2s, "stdout", "P", "b") + record(2s, "stderr", "F", "y") + record(3s, "stdout", "F", "c"));
  EXPECT_EQ(tail(1), Lines{"abc"});
  EXPECT_EQ(tail(2), (Lines{"xy", "abc"}));
  EXPECT_EQ(tail(3), (Lines{"one", "xy", "abc"}));
}

TEST_F(LogReaderTest, TailCountsAnOpenLine) {
  write(1, full(0s, "one") + record(1s, "stdout", "P", "a") + record(2s, "stdout", "P", "b"));
  EXPECT_EQ(tail(1), Lines{"ab…"});
  EXPECT_EQ(tail(2), (Lines{"one", "ab…"}));
}

TEST_F(LogReaderTest, TailAgreesWithReadingAllOfIt) {
  std::mt19937 random{5};  // NOLINT: a fixed seed
  for (int round = 0; round < 20; ++round) {
    std::filesystem::remove_all(folder_.log());
    for (int i = 0; i < 3'000; ++i)
      write(1 + i / 700, record(std::chrono::seconds{i}, random() % 4 == 0 ? "stderr" : "stdout",
                                random() % 3 == 0 ? "P" : "F", std::to_string(i) + std::string(random() % 300, '.')));
    for (const auto* stream : {"stdout", "stderr"}) write(6, record(9'000s, stream, "F", "the end"));
    const Lines all = all_of(reader());
    for (const std::size_t count : {1U, 2U, 7U, 100U, 1'500U}) {
      const Lines last(all.end() - static_cast<std::ptrdiff_t>(count), all.end());
      ASSERT_EQ(tail(count), last) << "round " << round << ", last " << count;
    }
  }
}

TEST_F(LogReaderTest, SinceAndUntilChooseByTime) {
  for (int i = 0; i < 20'000; ++i) write(1 + i / 9'000, full(std::chrono::seconds{i}, std::to_string(i)));
  const auto between = [&](std::chrono::seconds since, std::chrono::seconds until) {
    return all_of(reader({.tail = {}, .since = kStart + since, .until = kStart + until}));
  };
  EXPECT_EQ(between(10'000s, 10'002s), (Lines{"10000", "10001", "10002"}));
  EXPECT_EQ(between(0s, 1s), (Lines{"0", "1"}));
  EXPECT_EQ(between(8'999s, 9'000s), (Lines{"8999", "9000"}));
  EXPECT_EQ(between(19'999s, 99'999s), Lines{"19999"});
  EXPECT_EQ(between(30'000s, 99'999s), Lines{});
  EXPECT_EQ(between(-100s, -50s), Lines{});
}

TEST_F(LogReaderTest, AfterUntilNothingComesAnyMore) {
  write(1, full(0s, "one") + full(5s, "two"));
  LogReader log = reader({.tail = {}, .since = {}, .until = kStart + 1s});
  EXPECT_EQ(lines_of(log), Lines{"one"});
  EXPECT_TRUE(log.finished());
}

}  // namespace
}  // namespace davit::logs
