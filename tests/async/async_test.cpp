#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include "davit/async/abandonable.hpp"
#include "davit/async/cancellation.hpp"
#include "davit/async/event.hpp"
#include "davit/async/offload.hpp"
#include "davit/async/task_group.hpp"
#include "davit/async/timers.hpp"
#include "support/manual_timers.hpp"
#include "support/patience.hpp"

namespace davit {
namespace {

using namespace std::chrono_literals;

class AsyncTest : public ::testing::Test {
 protected:
  asio::io_context context_;
  test::ManualTimers timers_{context_};
  std::exception_ptr error_;
  bool done_ = false;

  void start(Task<void> task) {
    asio::co_spawn(context_, std::move(task), [this](const std::exception_ptr& e) {
      error_ = e;
      done_ = true;
    });
  }

  std::string message() const {
    try {
      if (error_) std::rethrow_exception(error_);
    } catch (const Error& e) {
      std::string text = e.what();
      for (const auto& note : e.diagnostic().notes) text += "; " + note.text;
      return text;
    } catch (const std::exception& e) {
      return e.what();
    }
    return "";
  }
};

Task<void> sleep_then(Timers& timers, std::chrono::milliseconds after, int& counter) {
  co_await timers.sleep_for(after);
  ++counter;
}

Task<void> fail_after(Timers& timers, std::chrono::milliseconds after, std::string text) {
  co_await timers.sleep_for(after);
  throw Error(std::move(text));
}

Task<void> run_group(Timers& timers, int& counter, bool with_failure) {
  TaskGroup group(co_await asio::this_coro::executor);
  group.spawn(sleep_then(timers, 10ms, counter));
  group.spawn(sleep_then(timers, 30ms, counter));
  if (with_failure) group.spawn(fail_after(timers, 20ms, "disk full"));
  co_await group.join();
}

TEST_F(AsyncTest, GroupJoinsItsTasks) {
  int counter = 0;
  start(run_group(timers_, counter, false));
  timers_.advance(29ms);
  EXPECT_FALSE(done_);
  timers_.advance(1ms);
  EXPECT_TRUE(done_);
  EXPECT_EQ(counter, 2);
}

TEST_F(AsyncTest, FirstErrorCancelsTheSiblings) {
  int counter = 0;
  start(run_group(timers_, counter, true));
  timers_.advance(20ms);
  EXPECT_TRUE(done_);
  EXPECT_EQ(counter, 1);
  EXPECT_EQ(message(), "disk full");
  EXPECT_EQ(timers_.waiting(), 0U);
}

Task<void> timed(Timers& timers, std::chrono::milliseconds work, std::chrono::milliseconds limit, std::string& out) {
  int counter = 0;
  Task<void> operation = sleep_then(timers, work, counter);
  const TimedOut result = co_await with_timeout(timers, limit, std::move(operation));
  out = result == TimedOut::Yes ? "timed out" : "done";
}

Task<void> fail_when_cancelled(Timers& timers, std::string text) {
  bool cancelled = false;
  try {
    co_await timers.sleep_for(1h);
  } catch (const boost::system::system_error&) {
    cancelled = true;
  }
  if (cancelled) throw Error(std::move(text));
}

Task<void> cancelled_group(Timers& timers, int& counter) {
  TaskGroup group(co_await asio::this_coro::executor);
  group.spawn(sleep_then(timers, 10ms, counter));
  group.spawn(fail_when_cancelled(timers, "cannot clean up"));
  group.cancel();
  co_await group.join();
}

TEST_F(AsyncTest, ARealErrorIsToldRatherThanACancellation) {
  int counter = 0;
  start(cancelled_group(timers_, counter));
  timers_.advance(1ms);
  EXPECT_TRUE(done_);
  EXPECT_EQ(message(), "cannot clean up");
}

Task<void> group_in(Timers& timers, int& counter) {
  TaskGroup group(co_await asio::this_coro::executor);
  group.spawn(sleep_then(timers, 10ms, counter));
  group.spawn(fail_when_cancelled(timers, "cannot clean up"));
  co_await group.join();
}

TEST_F(AsyncTest, AnOwnerThatIsCancelledHearsWhatWentWrongMeanwhile) {
  int counter = 0;
  asio::cancellation_signal signal;
  asio::co_spawn(context_, group_in(timers_, counter),
                 asio::bind_cancellation_slot(signal.slot(), [this](const std::exception_ptr& e) {
                   error_ = e;
                   done_ = true;
                 }));
  timers_.advance(1ms);
  signal.emit(asio::cancellation_type::terminal);
  timers_.advance(1ms);
  EXPECT_TRUE(done_);
  EXPECT_EQ(message(), "cannot clean up");
  EXPECT_EQ(counter, 0);
}

Task<void> wait_twice_when_cancelled(Timers& timers) {
  bool cancelled = false;
  try {
    co_await timers.sleep_for(1h);
  } catch (const boost::system::system_error&) {
    cancelled = true;
  }
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  if (cancelled) co_await timers.sleep_for(10ms);
}

std::vector<Task<void>> list(Task<void> task) {
  std::vector<Task<void>> out;
  out.push_back(std::move(task));
  return out;
}

TEST_F(AsyncTest, WhatRunsBesideEndsWithTheWork) {
  int work = 0;
  int beside = 0;
  start(run_beside(sleep_then(timers_, 10ms, work), list(sleep_then(timers_, 1h, beside))));
  timers_.advance(10ms);
  EXPECT_TRUE(done_);
  EXPECT_EQ(message(), "");
  EXPECT_EQ(work, 1);
  EXPECT_EQ(beside, 0);
}

Task<void> nothing_to_do() {
  co_return;
}

TEST_F(AsyncTest, WhatRunsBesideEndsWithWorkThatNeverWaited) {
  int beside = 0;
  start(run_beside(nothing_to_do(), list(sleep_then(timers_, 1h, beside))));
  timers_.settle();
  EXPECT_TRUE(done_);
  EXPECT_EQ(message(), "");
}

TEST_F(AsyncTest, AnOwnerOfWorkIsCancelledAtAnyTime) {
  for (const auto when : {5ms, 15ms}) {  // before the work is done, and while what is beside it ends
    int work = 0;
    done_ = false;
    error_ = nullptr;
    asio::cancellation_signal signal;
    asio::co_spawn(context_, run_beside(sleep_then(timers_, 10ms, work), list(wait_twice_when_cancelled(timers_))),
                   asio::bind_cancellation_slot(signal.slot(), [this](const std::exception_ptr& e) {
                     error_ = e;
                     done_ = true;
                   }));
    timers_.advance(when);
    EXPECT_FALSE(done_);
    signal.emit(asio::cancellation_type::terminal);
    timers_.advance(20ms);
    EXPECT_TRUE(done_);
    ASSERT_TRUE(error_);
    EXPECT_TRUE(is_cancellation(error_));
    EXPECT_EQ(work, when > 10ms ? 1 : 0);
  }
}

TEST_F(AsyncTest, TheWorkGoesOnWhenWhatIsBesideItEndsWell) {
  int work = 0;
  int beside = 0;
  start(run_beside(sleep_then(timers_, 10ms, work), list(sleep_then(timers_, 5ms, beside))));
  timers_.advance(9ms);
  EXPECT_FALSE(done_);
  EXPECT_EQ(beside, 1);
  timers_.advance(1ms);
  EXPECT_TRUE(done_);
  EXPECT_EQ(message(), "");
}

TEST_F(AsyncTest, WorkThatFailsEndsWhatIsBesideIt) {
  int beside = 0;
  start(run_beside(fail_after(timers_, 10ms, "disk full"), list(sleep_then(timers_, 1h, beside))));
  timers_.advance(10ms);
  EXPECT_TRUE(done_);
  EXPECT_EQ(message(), "disk full");
}

TEST_F(AsyncTest, WhatFailsBesideTheWorkEndsItAndIsTold) {
  int work = 0;
  start(run_beside(sleep_then(timers_, 1h, work), list(fail_after(timers_, 10ms, "disk full"))));
  timers_.advance(10ms);
  EXPECT_TRUE(done_);
  EXPECT_EQ(message(), "disk full");
  EXPECT_EQ(work, 0);
}

TEST_F(AsyncTest, TimeoutCancelsTheOperation) {
  std::string out;
  start(timed(timers_, 100ms, 50ms, out));
  timers_.advance(50ms);
  EXPECT_EQ(out, "timed out");
  EXPECT_EQ(timers_.waiting(), 0U);
}

TEST_F(AsyncTest, OperationInTimeCancelsTheTimer) {
  std::string out;
  start(timed(timers_, 10ms, 50ms, out));
  timers_.advance(10ms);
  EXPECT_EQ(out, "done");
  EXPECT_EQ(timers_.waiting(), 0U);
}

Task<void> failing_with_timeout(Timers& timers) {
  Task<void> operation = fail_after(timers, 10ms, "refused");
  co_await with_timeout(timers, 1h, std::move(operation));
}

TEST_F(AsyncTest, AFailingOperationDoesNotWaitForItsTimer) {
  start(failing_with_timeout(timers_));
  timers_.advance(10ms);
  EXPECT_TRUE(done_);
  EXPECT_EQ(message(), "refused");
}

Task<void> fail_when_cancelled(Timers& timers) {
  bool cancelled = false;
  try {
    co_await timers.sleep_for(1h);
  } catch (const boost::system::system_error&) {
    cancelled = true;
  }
  if (cancelled) throw Error("half done");
}

Task<void> failing_at_the_limit(Timers& timers) {
  Task<void> operation = fail_when_cancelled(timers);
  co_await with_timeout(timers, 50ms, std::move(operation));
}

TEST_F(AsyncTest, WhatFailsAfterTheTimeIsOverIsNoTimeOut) {
  start(failing_at_the_limit(timers_));
  timers_.advance(50ms);
  EXPECT_TRUE(done_);
  EXPECT_EQ(message(), "half done");
}

Task<void> wait_until(Event& event, const bool& condition) {
  while (!condition) co_await event.wait();
}

TEST_F(AsyncTest, EventWakesItsWaiters) {
  Event event(context_.get_executor());
  bool condition = false;
  start(wait_until(event, condition));
  timers_.settle();
  event.notify();
  timers_.settle();
  EXPECT_FALSE(done_) << "a spurious notify must not end the wait";
  condition = true;
  event.notify();
  timers_.settle();
  EXPECT_TRUE(done_);
}

Task<void> offload_work(WorkerPool& pool, std::thread::id& worker, std::thread::id& home) {
  std::function<std::thread::id()> work = [] { return std::this_thread::get_id(); };
  worker = co_await pool.call(work);
  home = std::this_thread::get_id();
}

TEST_F(AsyncTest, OffloadedWorkComesHome) {
  WorkerPool pool(1);
  std::thread::id worker;
  std::thread::id home;
  start(offload_work(pool, worker, home));
  context_.run();
  EXPECT_NE(worker, std::this_thread::get_id());
  EXPECT_EQ(home, std::this_thread::get_id());
}

/// Work that ends when the test says so.
class HeldWork {
 public:
  std::function<void()> work() {
    return [state = state_] {
      state->begun.set_value(std::this_thread::get_id());
      state->may_end.get_future().wait();
      state->ended.set_value();
    };
  }
  std::thread::id thread() { return state_->begun.get_future().get(); }
  /// Lets it end; false when it does not.
  [[nodiscard]] bool end() {
    state_->may_end.set_value();
    return state_->ended.get_future().wait_for(test::patient(20s)) == std::future_status::ready;
  }

 private:
  struct State {
    std::promise<std::thread::id> begun;
    std::promise<void> may_end;
    std::promise<void> ended;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

Task<void> abandonable_work(std::thread::id& worker, std::thread::id& home) {
  const auto found = std::make_shared<std::thread::id>();
  std::function<void()> work = [found] { *found = std::this_thread::get_id(); };
  co_await run_abandonable(std::move(work));
  worker = *found;
  home = std::this_thread::get_id();
}

TEST_F(AsyncTest, AbandonableWorkComesHome) {
  std::thread::id worker;
  std::thread::id home;
  start(abandonable_work(worker, home));
  context_.run();
  EXPECT_TRUE(done_);
  EXPECT_NE(worker, std::thread::id());
  EXPECT_NE(worker, std::this_thread::get_id());
  EXPECT_EQ(home, std::this_thread::get_id());
}

TEST_F(AsyncTest, WhatAbandonableWorkThrowsIsThrownAtHome) {
  start(run_abandonable([] { throw Error("no such lock"); }));
  context_.run();
  EXPECT_EQ(message(), "no such lock");
}

TEST_F(AsyncTest, AbandonableWorkIsNotWaitedForAfterACancellation) {
  HeldWork held;
  asio::cancellation_signal cancel;
  asio::co_spawn(context_, run_abandonable(held.work()),
                 asio::bind_cancellation_slot(cancel.slot(), [this](const std::exception_ptr& e) {
                   error_ = e;
                   done_ = true;
                 }));
  context_.poll();
  EXPECT_NE(held.thread(), std::this_thread::get_id());
  cancel.emit(asio::cancellation_type::terminal);
  context_.run();  // to its end: the thread is still at work
  EXPECT_TRUE(done_);
  EXPECT_TRUE(error_);
  EXPECT_TRUE(held.end());
}

TEST_F(AsyncTest, AbandonableWorkOutlivesItsLoop) {
  HeldWork held;
  {
    asio::io_context loop;
    asio::co_spawn(loop, run_abandonable(held.work()), asio::detached);
    loop.poll();
    (void)held.thread();
  }
  EXPECT_TRUE(held.end());
}

}  // namespace
}  // namespace davit
