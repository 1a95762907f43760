#include "davit/logs/pump.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <termios.h>

#include <optional>
#include <random>

#include "davit/logs/reader.hpp"
#include "log_folder.hpp"

namespace davit::logs {
namespace {

using namespace std::chrono_literals;
using testing::contents_of;
using ::testing::HasSubstr;
using testing::TempFolder;
using testing::whole_log;
using testing::write_all;

constexpr WallTime kNow{1795404600s};

/// A container's two pipes with a pump behind them.
class PumpTest : public ::testing::Test {
 protected:
  LogPump::Options options(RotationPolicy rotation = {}, LogPump::Run run = LogPump::Run::New) {
    return {.folder = folder_.log(), .state_file = folder_.state(), .rotation = rotation, .run = run, .now = [this] {
              return now_;
            }};
  }

  /// Begins a run of the container with fresh pipes.
  LogPump start(RotationPolicy rotation = {}) {
    auto out = make_log_pipe();
    auto err = make_log_pipe();
    out_ = std::move(out[1]);
    err_ = std::move(err[1]);
    return LogPump{buffers_, options(rotation), with_staging(std::move(out[0])), with_staging(std::move(err[0]))};
  }

  static void drain(LogPump& pump, Stream stream = Stream::Stdout) {
    while (pump.on_readable(stream).state == LogPump::State::More) {
    }
  }

  TempFolder folder_;
  PumpBuffers buffers_;
  Fd out_;
  Fd err_;
  WallTime now_ = kNow;
};

TEST_F(PumpTest, WritesRecordsOfBothStreams) {
  LogPump pump = start();
  write_all(out_.get(), "one\ntwo\n");
  write_all(err_.get(), "bad\n");
  drain(pump);
  drain(pump, Stream::Stderr);
  const std::string stamp{view(format_timestamp(kNow))};
  EXPECT_EQ(whole_log(folder_.log()),
            stamp + " stdout F one\n" + stamp + " stdout F two\n" + stamp + " stderr F bad\n");
}

TEST_F(PumpTest, EndsWhenTheContainerClosesBothStreams) {
  LogPump pump = start();
  write_all(out_.get(), "last words");
  out_.reset();
  EXPECT_EQ(pump.on_readable(Stream::Stdout).state, LogPump::State::Ended);
  EXPECT_EQ(pump.source_fd(Stream::Stdout), -1);
  EXPECT_FALSE(pump.ended());
  err_.reset();
  EXPECT_EQ(pump.on_readable(Stream::Stderr).state, LogPump::State::Ended);
  EXPECT_TRUE(pump.ended());
  EXPECT_THAT(whole_log(folder_.log()), HasSubstr(" stdout P last words\n"));
}

TEST_F(PumpTest, AStartedLineIsSeenAtOnce) {
  LogPump pump = start();
  write_all(out_.get(), "name? ");
  drain(pump);
  EXPECT_THAT(whole_log(folder_.log()), HasSubstr(" stdout P name? \n"));
  write_all(out_.get(), "Ada\n");
  drain(pump);
  EXPECT_EQ(contents_of(whole_log(folder_.log())).bytes[0], "name? Ada\n");
}

TEST_F(PumpTest, BinaryAndLongLinesSurvive) {
  std::mt19937 random{3};  // NOLINT: a fixed seed
  std::string data;
  for (int i = 0; i < 700'000; ++i) data.push_back(static_cast<char>(random() % 256));
  data += std::string(300'000, 'x');
  LogPump pump = start();
  write_all(out_.get(), data);
  drain(pump);
  EXPECT_TRUE(contents_of(whole_log(folder_.log())).bytes[0] == data);
}

TEST_F(PumpTest, NothingButNewlinesSurvives) {
  const std::string data(100'000, '\n');
  LogPump pump = start();
  write_all(out_.get(), data);
  drain(pump);
  EXPECT_TRUE(contents_of(whole_log(folder_.log())).bytes[0] == data);
}

TEST_F(PumpTest, TimeNeverGoesBack) {
  LogPump pump = start();
  write_all(out_.get(), "one\n");
  drain(pump);
  now_ -= 1h;
  write_all(err_.get(), "two\n");
  drain(pump, Stream::Stderr);
  now_ += 2h;
  write_all(out_.get(), "three\n");
  drain(pump);
  const auto times = contents_of(whole_log(folder_.log())).times;
  ASSERT_EQ(times.size(), 3U);
  EXPECT_EQ(times[0], times[1]);
  EXPECT_LT(times[1], times[2]);
}

TEST_F(PumpTest, TheNextRunDoesNotContinueALineOfTheLast) {
  {
    LogPump pump = start();
    write_all(out_.get(), "cut o");
    drain(pump);
  }
  LogPump pump = start();
  write_all(out_.get(), "hello\n");
  drain(pump);
  EXPECT_EQ(contents_of(whole_log(folder_.log())).bytes[0], "cut o\nhello\n");
}

TEST_F(PumpTest, WithoutItsStateTheLogIsAdopted) {
  {
    LogPump pump = start();
    write_all(out_.get(), "whole\ncut o");
    drain(pump);
  }
  std::filesystem::remove(folder_.state());
  {
    std::ofstream file(testing::log_files(folder_.log()).at(0), std::ios::app);
    file << "2026-11-23T03:30:00.1";  // a torn record
  }
  LogPump pump = start();
  write_all(out_.get(), "hello\n");
  drain(pump);
  EXPECT_EQ(contents_of(whole_log(folder_.log())).bytes[0], "whole\ncut o\nhello\n");
}

TEST_F(PumpTest, ASuccessorGoesOnInTheMiddleOfALine) {
  auto out = make_log_pipe();
  StreamPipes pipes = with_staging(std::move(out[0]));
  const auto copy = [](const Fd& fd) { return Fd{::dup(fd.get())}; };
  StreamPipes held{copy(pipes.source), copy(pipes.staging_read), copy(pipes.staging_write)};
  {
    LogPump pump{buffers_, options(), std::move(pipes)};
    write_all(out[1].get(), "half ");
    drain(pump);
    write_all(out[1].get(), "a li");
  }
  LogPump pump{buffers_, options({}, LogPump::Run::Resumed), std::move(held)};
  write_all(out[1].get(), "ne\n");
  drain(pump);
  EXPECT_EQ(contents_of(whole_log(folder_.log())).bytes[0], "half a line\n");
}

TEST_F(PumpTest, BeginsANewFileBeforeTheLimitAndKeepsSoMany) {
  LogPump pump = start({.max_size = 1'000, .max_files = 3});
  for (int i = 0; i < 100; ++i) write_all(out_.get(), "line " + std::to_string(i) + "\n");
  drain(pump);
  const auto files = testing::log_files(folder_.log());
  ASSERT_EQ(files.size(), 3U);
  for (const std::string& file : files) EXPECT_LE(std::filesystem::file_size(file), 1'000U);
  const std::string kept = contents_of(whole_log(folder_.log())).bytes[0];
  EXPECT_THAT(kept, HasSubstr("line 99\n"));
  EXPECT_EQ(kept.find("line 0\n"), std::string::npos);
}

TEST_F(PumpTest, ARecordLargerThanTheLimitHasAFileForItself) {
  LogPump pump = start({.max_size = 100, .max_files = 10});
  write_all(out_.get(), "a\n" + std::string(500, 'x') + "\nb\n");
  drain(pump);
  EXPECT_EQ(testing::log_files(folder_.log()).size(), 3U);
  EXPECT_EQ(contents_of(whole_log(folder_.log())).bytes[0], "a\n" + std::string(500, 'x') + "\nb\n");
}

TEST_F(PumpTest, OneFileMeansTheOldIsRemovedWhenTheNewBegins) {
  LogPump pump = start({.max_size = 100, .max_files = 1});
  for (int i = 0; i < 20; ++i) write_all(out_.get(), "line\n");
  drain(pump);
  EXPECT_EQ(testing::log_files(folder_.log()).size(), 1U);
}

std::string numbered(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "line " + std::to_string(i) + "\n";
  return text;
}

/// What is there for this reader now.
std::string read_on(LogReader& reader) {
  std::string text;
  while (const auto line = reader.next()) text.append(line->text).push_back('\n');
  return text;
}

TEST_F(PumpTest, FilesAreKeptForWhoReadsThem) {
  LogPump pump = start({.max_size = 1'000, .max_files = 2});
  write_all(out_.get(), "first\n");
  drain(pump);
  std::optional<LogReader> slow(folder_.log());
  ASSERT_EQ(slow->next()->text, "first");
  write_all(out_.get(), numbered(5'000));
  drain(pump);
  LogReader other{folder_.log()};  // begins when the others are long at work
  EXPECT_EQ(read_on(*slow), numbered(5'000));
  write_all(out_.get(), numbered(5'000));
  drain(pump);
  EXPECT_EQ(read_on(*slow), numbered(5'000));
  EXPECT_EQ(read_on(other), "first\n" + numbered(5'000) + numbered(5'000));
  EXPECT_GT(testing::log_files(folder_.log()).size(), 2U);
  write_all(out_.get(), "they are gone on\n");
  drain(pump);
  EXPECT_EQ(testing::log_files(folder_.log()).size(), 2U);
}

TEST_F(PumpTest, ATailIsKeptFromTheMomentItIsFound) {
  LogPump pump = start({.max_size = 1'000, .max_files = 2});
  write_all(out_.get(), numbered(10));
  drain(pump);
  LogReader reader{folder_.log(), {.tail = 3}};
  write_all(out_.get(), numbered(1'000));
  drain(pump);
  EXPECT_EQ(read_on(reader), "line 7\nline 8\nline 9\n" + numbered(1'000));
}

TEST_F(PumpTest, AReaderThatIsTooSlowIsToldWhatItMissed) {
  LogPump pump = start({.max_size = 1U << 20U, .max_files = 2});
  write_all(out_.get(), "first\n");
  drain(pump);
  LogReader reader{folder_.log()};
  ASSERT_EQ(reader.next()->text, "first");
  const std::string line = std::string(999, 'x') + "\n";
  for (int i = 0; i < 90'000; ++i) {
    write_all(out_.get(), line);
    if (i % 500 == 0) drain(pump);
  }
  drain(pump);
  EXPECT_LE(testing::log_files(folder_.log()).size(), 67U);  // 64 MiB for the reader
  int gaps = 0;
  int lines = 0;
  while (const auto read = reader.next()) {
    gaps += read->text.starts_with("[davit: output is missing here: ") ? 1 : 0;
    lines += read->text.size() == line.size() - 1 ? 1 : 0;
  }
  EXPECT_EQ(gaps, 1);
  EXPECT_GT(lines, 0);
  EXPECT_LT(lines, 90'000);
}

TEST_F(PumpTest, TheDriverNoneKeepsNothingAndBlocksNothing) {
  LogPump pump = start({.keep = RotationPolicy::Keep::Nothing});
  for (int i = 0; i < 5; ++i) {
    write_all(out_.get(), std::string(60'000, 'x'));
    drain(pump);
  }
  EXPECT_EQ(whole_log(folder_.log()), "");
  out_.reset();
  EXPECT_EQ(pump.on_readable(Stream::Stdout).state, LogPump::State::Ended);
}

TEST_F(PumpTest, AFileEmptiedByHandGrowsFromItsNewEnd) {
  LogPump pump = start();
  write_all(out_.get(), "one\n");
  drain(pump);
  std::filesystem::resize_file(testing::log_files(folder_.log()).at(0), 0);
  write_all(out_.get(), "two\n");
  drain(pump);
  EXPECT_EQ(contents_of(whole_log(folder_.log())).bytes[0], "two\n");
}

TEST_F(PumpTest, ReadsATerminal) {
  int master = -1;
  int slave = -1;
  ASSERT_EQ(::openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
  Fd terminal{slave};
  termios modes{};
  ASSERT_EQ(::tcgetattr(slave, &modes), 0);
  ::cfmakeraw(&modes);
  ASSERT_EQ(::tcsetattr(slave, TCSANOW, &modes), 0);
  LogPump pump{buffers_, options(), with_staging(Fd{master})};
  EXPECT_EQ(pump.source_fd(Stream::Stderr), -1);
  write_all(slave, "\x1b[1mhello\x1b[0m\r\n$ ");
  drain(pump);
  EXPECT_EQ(contents_of(whole_log(folder_.log())).bytes[0], "\x1b[1mhello\x1b[0m\r\n$ ");
  terminal.reset();
  EXPECT_EQ(pump.on_readable(Stream::Stdout).state, LogPump::State::Ended);
  EXPECT_TRUE(pump.ended());
}

TEST_F(PumpTest, AnUnwritableFolderIsAnError) {
  auto out = make_log_pipe();
  LogPump::Options bad = options();
  bad.folder = "/dev/null/log";
  EXPECT_THROW(LogPump(buffers_, bad, with_staging(std::move(out[0]))), Error);
}

}  // namespace
}  // namespace davit::logs
