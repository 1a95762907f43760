// The kernel refuses the pump one system call, each in turn, or all of them for a while: nothing is lost as long as it
// is tried again, and a container is never held up for good.

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <cerrno>
#include <thread>

#include "davit/logs/pump_driver.hpp"
#include "log_folder.hpp"
#include "support/patience.hpp"

namespace {

/// Which of this thread's calls fail: the one that counts down to zero, or all.
thread_local int calls_until_fault = -1;
thread_local bool all_fail = false;

bool refused() {
  const bool strikes = all_fail || (calls_until_fault >= 0 && calls_until_fault-- == 0);
  if (strikes) errno = ENOMEM;
  return strikes;
}

// In place of the C library's, which the program finds second.
extern "C" {
ssize_t refusing_splice(int, void*, int, void*, std::size_t, unsigned) __asm__("splice");
ssize_t refusing_tee(int, int, std::size_t, unsigned) __asm__("tee");
ssize_t refusing_read(int, void*, std::size_t) __asm__("read");

ssize_t refusing_splice(int from, void* from_at, int to, void* to_at, std::size_t size, unsigned flags) {
  return refused() ? -1 : ::syscall(SYS_splice, from, from_at, to, to_at, size, flags);
}
ssize_t refusing_tee(int from, int to, std::size_t size, unsigned flags) {
  return refused() ? -1 : ::syscall(SYS_tee, from, to, size, flags);
}
ssize_t refusing_read(int from, void* to, std::size_t size) {
  // Dropping, the last resort, is left its means.
  return !all_fail && refused() ? -1 : ::syscall(SYS_read, from, to, size);
}
}

}  // namespace

namespace davit::logs {
namespace {

using namespace std::chrono_literals;
using testing::contents_of;
using testing::TempFolder;
using testing::whole_log;
using testing::write_all;

constexpr PumpRetry::Limits kQuick{.first = 1ms, .longest = 2ms, .keep_tries = 3};

/// A pump on a loop, with both streams, and all that it has told.
class PumpFaults : public ::testing::Test {
 protected:
  void begin(RotationPolicy rotation, PumpRetry::Limits limits) {
    folder_.emplace();
    told_.clear();
    ended_ = 0;
    std::array<Fd, kStreams> read;
    for (std::size_t i = 0; i < kStreams; ++i) {
      auto pipe = make_log_pipe();
      read[i] = std::move(pipe[0]);
      write_[i] = std::move(pipe[1]);
    }
    LogPump pump{buffers_,
                 {.folder = folder_->log(), .state_file = folder_->state(), .rotation = rotation, .now = {}},
                 with_staging(std::move(read[0])),
                 with_staging(std::move(read[1]))};
    driver_ = std::make_shared<PumpDriver>(loop_.get_executor(), std::move(pump), ReadPacing::kPause, limits);
    for (const Stream stream : {Stream::Stdout, Stream::Stderr})
      asio::co_spawn(
          loop_,
          PumpDriver::follow(driver_, stream, [this](const Diagnostic& notice) { told_.push_back(notice.message); }),
          [this](const std::exception_ptr& error) {
            EXPECT_FALSE(error);
            ++ended_;
          });
  }

  /// Until the streams have ended.
  void run() {
    loop_.restart();
    loop_.run_for(test::patient(20s));
    ASSERT_EQ(ended_, 2);
  }

  static std::string lines(std::string_view stream, int count) {
    std::string text;
    for (int line = 0; line < count; ++line)
      text += std::string(stream) + " " + std::to_string(line) + std::string(static_cast<std::size_t>(line) % 97, '.') +
              "\n";
    return text;
  }

  void fail_each_call_once(RotationPolicy rotation) {
    const std::array<std::string, kStreams> input{lines("out", 120) + "no end", lines("err", 120)};
    int call = 0;
    for (bool struck = true; struck; ++call) {
      ASSERT_LT(call, 5'000) << "the pump never ends";
      begin(rotation, kQuick);
      for (std::size_t i = 0; i < kStreams; ++i) {
        write_all(write_[i].get(), input[i]);
        write_[i].reset();
      }
      calls_until_fault = call;
      run();
      struck = std::exchange(calls_until_fault, -1) < 0;
      const auto contents = contents_of(whole_log(folder_->log()));
      for (std::size_t i = 0; i < kStreams; ++i) {
        if (rotation.max_files > 2) {
          ASSERT_EQ(contents.bytes[i], input[i]) << "call " << call << " failed";
        } else {
          ASSERT_TRUE(input[i].ends_with(contents.bytes[i])) << "call " << call << " failed";
        }
      }
      ASSERT_LE(testing::log_files(folder_->log()).size(), rotation.max_files);
      ASSERT_LE(told_.size(), 1U);
    }
    EXPECT_GT(call, 8) << "hardly anything failed";
  }

  std::optional<TempFolder> folder_;
  PumpBuffers buffers_;
  asio::io_context loop_;
  std::shared_ptr<PumpDriver> driver_;
  std::array<Fd, kStreams> write_;
  std::vector<std::string> told_;
  int ended_ = 0;
};

TEST_F(PumpFaults, NothingIsLostWhenACallFailsOnce) {
  fail_each_call_once({.max_size = 1'000'000, .max_files = 3});
}

TEST_F(PumpFaults, NothingIsLostOrDoubledWhileFilesRotate) {
  fail_each_call_once({.max_size = 1'500, .max_files = 100});
}

TEST_F(PumpFaults, NothingIsDoubledInTheFilesThatAreKept) {
  fail_each_call_once({.max_size = 1'500, .max_files = 2});
}

TEST_F(PumpFaults, AFailureIsToldOnceAndLosesNothing) {
  begin({}, {.first = 1ms, .longest = 1ms, .keep_tries = 1'000'000});
  const std::string text = lines("out", 10);
  write_all(write_[0].get(), text);
  all_fail = true;
  for (int tries = 0; tries < 200; ++tries) loop_.run_one_for(test::patient(20s));
  all_fail = false;
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_EQ(told_.front(),
            "cannot write the log: cannot read 'the output of a container': cannot allocate memory; it is tried again");
  for (Fd& end : write_) end.reset();
  run();
  EXPECT_EQ(contents_of(whole_log(folder_->log())).bytes[0], text);
}

TEST_F(PumpFaults, AContainerIsNotHeldUpByAFailureThatLasts) {
  begin({}, kQuick);
  std::atomic<bool> done = false;
  std::thread container([&] {
    std::string flood;
    while (flood.size() < 4U << 20U) flood += "the quick brown fox jumps over the lazy dog\n";
    write_all(write_[0].get(), flood);  // more than the pipes hold
    done = true;
  });
  all_fail = true;
  const auto until = std::chrono::steady_clock::now() + test::patient(20s);
  while (told_.size() < 2 && std::chrono::steady_clock::now() < until) loop_.run_one_for(test::patient(20s));
  while (!done && std::chrono::steady_clock::now() < until) loop_.run_one_for(10ms);
  all_fail = false;
  container.join();
  write_all(write_[0].get(), "after\n");
  for (Fd& end : write_) end.reset();
  run();
  ASSERT_EQ(told_.size(), 3U);
  EXPECT_TRUE(told_[1].ends_with("output is dropped until it can be written")) << told_[1];
  EXPECT_NE(told_[2].find("is written again"), std::string::npos) << told_[2];
  const std::string log = contents_of(whole_log(folder_->log())).bytes[0];
  EXPECT_TRUE(log.ends_with("after\n"));
  EXPECT_NE(log.find(" bytes) were lost here"), std::string::npos);
}

TEST_F(PumpFaults, FinishTriesOnceMoreAndStopsInAnyCase) {
  begin({}, kQuick);
  loop_.poll();
  write_all(write_[0].get(), "last words\n");
  calls_until_fault = 0;
  driver_->finish();
  EXPECT_EQ(contents_of(whole_log(folder_->log())).bytes[0], "last words\n");
  run();

  begin({}, kQuick);
  loop_.restart();
  loop_.poll();
  write_all(write_[0].get(), "lost words\n");
  write_all(write_[1].get(), "lost words\n");
  all_fail = true;
  EXPECT_ANY_THROW(driver_->finish());
  all_fail = false;
  run();
}

}  // namespace
}  // namespace davit::logs
