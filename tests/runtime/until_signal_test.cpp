#include "davit/runtime/until_signal.hpp"

#include <gtest/gtest.h>

#include "support/fake_interrupts.hpp"
#include "support/runtime_fixture.hpp"

namespace davit::runtime {
namespace {

using namespace std::chrono_literals;

class UntilSignal : public test::RuntimeFixture {
 protected:
  test::FakeInterrupts interrupts_{io_};
  std::optional<CutShort> result_;

  void run(Task<void> work) {
    spawn(run_until_signal(std::move(work), interrupts_), [this](CutShort result) { result_ = std::move(result); });
  }

  std::string failure() const {
    if (!result_ || !result_->failure) return "";
    try {
      std::rethrow_exception(result_->failure);
    } catch (const std::exception& error) {
      return error.what();
    }
  }

  Task<void> sleep_then_fail(std::string message) {
    co_await timers_.sleep_for(1s);
    throw Error(message);
  }

  /// As a step that fails while it is being cancelled.
  Task<void> fail_when_cancelled() {
    try {
      co_await timers_.sleep_for(1h);
    } catch (const boost::system::system_error&) {
      throw Error("the disk is full");
    }
  }
};

TEST_F(UntilSignal, WorkThatEndsHasNothingToTell) {
  run(timers_.sleep_for(1s));
  EXPECT_FALSE(result_);
  timers_.advance(1s);
  ASSERT_TRUE(result_);
  EXPECT_FALSE(result_->signalled);
  EXPECT_EQ(failure(), "");
}

TEST_F(UntilSignal, ASignalCancelsTheWorkAndThatIsNoFailure) {
  run(timers_.sleep_for(1h));
  interrupts_.send();
  timers_.settle();
  ASSERT_TRUE(result_);
  EXPECT_TRUE(result_->signalled);
  EXPECT_EQ(failure(), "");
}

TEST_F(UntilSignal, AFailureIsKept) {
  run(sleep_then_fail("no such image"));
  timers_.advance(1s);
  ASSERT_TRUE(result_);
  EXPECT_FALSE(result_->signalled);
  EXPECT_EQ(failure(), "no such image");
}

TEST_F(UntilSignal, AFailureAtTheTimeOfTheSignalIsKept) {
  run(fail_when_cancelled());
  interrupts_.send();
  timers_.settle();
  ASSERT_TRUE(result_);
  EXPECT_TRUE(result_->signalled);
  EXPECT_EQ(failure(), "the disk is full");
}

TEST_F(UntilSignal, CancellationFromOutsideIsThrown) {
  run(timers_.sleep_for(1h));
  cancel_.emit(asio::cancellation_type::terminal);
  timers_.settle();
  EXPECT_TRUE(ended_);
  EXPECT_TRUE(thrown_);
}

}  // namespace
}  // namespace davit::runtime
