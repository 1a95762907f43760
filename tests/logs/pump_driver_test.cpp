#include "davit/logs/pump_driver.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <thread>

#include "log_folder.hpp"

namespace davit::logs {
namespace {

using testing::contents_of;
using testing::TempFolder;
using testing::whole_log;
using testing::write_all;

/// A driver on a loop, and the write ends of the pipes it reads.
class PumpDriverTest : public ::testing::Test {
 protected:
  PumpDriverTest() {
    for (const Stream stream : {Stream::Stdout, Stream::Stderr}) {
      auto pipe = make_log_pipe();
      read_[index(stream)] = std::move(pipe[0]);
      write_[index(stream)] = std::move(pipe[1]);
    }
    LogPump pump{buffers_,
                 {.folder = folder_.log(), .state_file = folder_.state(), .rotation = {}, .now = {}},
                 with_staging(std::move(read_[0])),
                 with_staging(std::move(read_[1]))};
    driver_ = std::make_shared<PumpDriver>(loop_.get_executor(), std::move(pump));
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

TEST_F(PumpDriverTest, FinishEndsAPause) {
  // Flood until the driver rests: it then has nothing ready to run, and no descriptor registered that could be ready.
  for (int turn = 0; turn < 2'000; ++turn) {
    write_all(end_of(Stream::Stdout).get(), "x\n");
    loop_.poll();
  }
  driver_->finish();
  loop_.run();
  EXPECT_EQ(ended_, 2);
  std::string expected;
  for (int turn = 0; turn < 2'000; ++turn) expected += "x\n";
  EXPECT_TRUE(logged(Stream::Stdout) == expected);
}

}  // namespace
}  // namespace davit::logs
