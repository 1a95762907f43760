#include "davit/logs/pump_driver.hpp"

#include <gtest/gtest.h>
#include <sys/ioctl.h>

#include <boost/asio/co_spawn.hpp>
#include <chrono>
#include <thread>

#include "log_folder.hpp"
#include "support/patience.hpp"

namespace davit::logs {
namespace {

using testing::contents_of;
using testing::TempFolder;
using testing::whole_log;
using testing::write_all;

/// A driver on a loop, and the write ends of the pipes it reads.
class PumpDriverTest : public ::testing::Test {
 protected:
  explicit PumpDriverTest(std::chrono::steady_clock::duration pause = ReadPacing::kPause) {
    for (const Stream stream : {Stream::Stdout, Stream::Stderr}) {
      auto pipe = make_log_pipe();
      read_[index(stream)] = std::move(pipe[0]);
      write_[index(stream)] = std::move(pipe[1]);
    }
    LogPump pump{buffers_,
                 {.folder = folder_.log(), .state_file = folder_.state(), .rotation = {}, .now = {}},
                 with_staging(std::move(read_[0])),
                 with_staging(std::move(read_[1]))};
    driver_ = std::make_shared<PumpDriver>(loop_.get_executor(), std::move(pump), pause);
    for (const Stream stream : {Stream::Stdout, Stream::Stderr}) {
      asio::co_spawn(loop_, PumpDriver::follow(driver_, stream, {}), [this](const std::exception_ptr& error) {
        EXPECT_FALSE(error);
        ++ended_;
      });
    }
  }

  Fd& end_of(Stream stream) { return write_[index(stream)]; }
  [[nodiscard]] std::string logged(Stream stream) const {
    return contents_of(whole_log(folder_.log())).bytes[index(stream)];
  }

  TempFolder folder_;
  PumpBuffers buffers_;
  asio::io_context loop_;
  std::shared_ptr<PumpDriver> driver_;
  int ended_ = 0;

 private:
  std::array<Fd, kStreams> read_;
  std::array<Fd, kStreams> write_;
};

TEST_F(PumpDriverTest, PumpsBothStreamsToTheirEnds) {
  std::string expected;
  for (int line = 0; line < 100'000; ++line) expected += "line " + std::to_string(line) + "\n";
  std::thread container([&] {
    write_all(end_of(Stream::Stderr).get(), "starting\n");
    end_of(Stream::Stderr).reset();
    write_all(end_of(Stream::Stdout).get(), expected);
    end_of(Stream::Stdout).reset();
  });
  loop_.run();
  container.join();
  EXPECT_EQ(ended_, 2);
  EXPECT_TRUE(logged(Stream::Stdout) == expected);
  EXPECT_EQ(logged(Stream::Stderr), "starting\n");
}

TEST_F(PumpDriverTest, TakesAFloodOfSmallWrites) {
  std::array<std::string, kStreams> expected;
  std::thread container([&] {
    for (int line = 0; line < 20'000; ++line) {
      const Stream stream = line % 7 == 0 ? Stream::Stderr : Stream::Stdout;
      const std::string text = "line " + std::to_string(line) + "\n";
      write_all(end_of(stream).get(), text);
      expected[index(stream)] += text;
    }
    end_of(Stream::Stdout).reset();
    end_of(Stream::Stderr).reset();
  });
  loop_.run();
  container.join();
  EXPECT_EQ(ended_, 2);
  EXPECT_TRUE(logged(Stream::Stdout) == expected[0]);
  EXPECT_TRUE(logged(Stream::Stderr) == expected[1]);
}

TEST_F(PumpDriverTest, FinishWritesWhatIsThereAndStopsWaiting) {
  write_all(end_of(Stream::Stdout).get(), "before\n");
  while (whole_log(folder_.log()).empty()) loop_.run_one();
  write_all(end_of(Stream::Stdout).get(), "last words");
  driver_->finish();
  EXPECT_EQ(logged(Stream::Stdout), "before\nlast words");
  loop_.run();  // returns though the pipes are still open
  EXPECT_EQ(ended_, 2);
}

/// A pause that is not ended would outlast every limit.
class RestingDriver : public PumpDriverTest {
 protected:
  RestingDriver() : PumpDriverTest(std::chrono::hours{1}) {}

  [[nodiscard]] int unread() {
    int bytes = 0;
    EXPECT_EQ(::ioctl(end_of(Stream::Stdout).get(), FIONREAD, &bytes), 0);
    return bytes;
  }
};

TEST_F(RestingDriver, FinishEndsAPauseAndTakesWhatHasComeMeanwhile) {
  // A flood: each line comes the moment the last one was taken. At rest, the driver leaves one where it is.
  std::string expected;
  while (unread() == 0 && expected.size() < 100'000) {
    write_all(end_of(Stream::Stdout).get(), "x\n");
    expected += "x\n";
    loop_.poll();
  }
  ASSERT_GT(unread(), 0) << "the driver does not rest";
  EXPECT_EQ(ended_, 0);
  driver_->finish();
  EXPECT_TRUE(logged(Stream::Stdout) == expected);
  loop_.run_for(test::patient(std::chrono::seconds{20}));
  EXPECT_EQ(ended_, 2);
}

}  // namespace
}  // namespace davit::logs
