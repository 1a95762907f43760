// A full disk never stops a container. Needs root: the disk is a small tmpfs, in a mount namespace of the test's own,
// so that nothing is left behind.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>

#include <sstream>

#include "davit/logs/pump.hpp"
#include "log_folder.hpp"

namespace davit::logs {
namespace {

using testing::contents_of;
using ::testing::HasSubstr;
using testing::TempFolder;
using testing::whole_log;
using testing::write_all;

class DiskFull : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    ASSERT_EQ(::unshare(CLONE_NEWNS), 0) << "needs root";
    ASSERT_EQ(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
  }

  void SetUp() override {
    std::filesystem::create_directory(folder_.log());
    ASSERT_EQ(::mount("tmpfs", folder_.log().c_str(), "tmpfs", 0, "size=64k"), 0);
    auto pipe = make_log_pipe();
    container_ = std::move(pipe[1]);
    pump_.emplace(buffers_,
                  LogPump::Options{.folder = folder_.log(), .state_file = folder_.state(), .rotation = {}, .now = {}},
                  with_staging(std::move(pipe[0])));
  }

  void TearDown() override {
    pump_.reset();
    EXPECT_EQ(::umount(folder_.log().c_str()), 0);
  }

  /// Lets the container write, and the pump take it. Returns what the pump had to say.
  std::vector<std::string> say(const std::string& text) {
    std::vector<std::string> notices;
    write_all(container_.get(), text);
    for (;;) {
      const auto progress = pump_->on_readable(Stream::Stdout);
      if (progress.notice) notices.push_back(progress.notice->message);
      if (progress.state != LogPump::State::More) return notices;
    }
  }

  /// Takes all the space that is left, or gives it back.
  void fill_disk() {
    std::ofstream ballast(folder_.log() + "/ballast", std::ios::binary);
    while (ballast) ballast << std::string(1024, 'x') << std::flush;
  }
  void free_disk() { std::filesystem::remove(folder_.log() + "/ballast"); }

  std::string logged() {
    std::string all;
    for (const std::string& file : testing::log_files(folder_.log()))
      if (file.ends_with(".log")) all += testing::read_file(file);
    const auto contents = contents_of(all);
    EXPECT_FALSE(contents.torn);
    return contents.bytes[0];
  }

  TempFolder folder_;
  PumpBuffers buffers_;
  Fd container_;
  std::optional<LogPump> pump_;
};

/// Numbered lines, and the numbers of those which a log holds.
std::string numbered(int from, int to) {
  std::string text;
  for (int i = from; i < to; ++i) text += "line " + std::to_string(i) + "\n";
  return text;
}

TEST_F(DiskFull, TheContainerRunsOnAndTheLossIsMarkedOnce) {
  EXPECT_TRUE(say(numbered(0, 10)).empty());
  fill_disk();
  const auto told = say(numbered(10, 2'000));
  ASSERT_EQ(told.size(), 1U);
  EXPECT_THAT(told[0], HasSubstr("no space left on device"));
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(say(numbered(2'000, 2'500)).empty()) << "told once";
  free_disk();
  const auto again = say("after\n");
  ASSERT_EQ(again.size(), 1U);
  EXPECT_THAT(again[0], HasSubstr("is written again"));
  const std::string log = logged();
  EXPECT_TRUE(log.starts_with(numbered(0, 10)));
  EXPECT_TRUE(log.ends_with("after\n"));
  // Every line is in the log, or counted in the one marker.
  std::istringstream lines(log);
  int kept = 0;
  long lost = 0;
  int markers = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("[davit: ")) {
      ++markers;
      lost = std::stol(line.substr(8));
    } else {
      ++kept;
    }
  }
  EXPECT_EQ(markers, 1);
  EXPECT_EQ(kept + lost, 2'000 + 50 * 500 + 1);
}

TEST_F(DiskFull, AMarkerEndsTheLineThatWasCut) {
  (void)say("start of a li");
  fill_disk();
  (void)say(std::string(8'000, 'n') + "e\n");
  free_disk();
  (void)say("after\n");
  const std::string log = logged();
  EXPECT_TRUE(log.starts_with("start of a li\n[davit: 1 lines (8002 bytes) were lost here")) << log;
  EXPECT_TRUE(log.ends_with("]\nafter\n"));
}

TEST_F(DiskFull, ASuccessorKnowsWhatWasLost) {
  (void)say(numbered(0, 10));
  fill_disk();
  (void)say(numbered(0, 10'000));
  auto pipe = make_log_pipe();
  container_ = std::move(pipe[1]);
  pump_.emplace(buffers_,
                LogPump::Options{.folder = folder_.log(),
                                 .state_file = folder_.state(),
                                 .rotation = {},
                                 .run = LogPump::Run::Resumed,
                                 .now = {}},
                with_staging(std::move(pipe[0])));
  free_disk();
  (void)say("after\n");
  EXPECT_THAT(logged(), HasSubstr("[davit: "));
}

}  // namespace
}  // namespace davit::logs
