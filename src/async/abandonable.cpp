#include "davit/async/abandonable.hpp"

#include <boost/asio/post.hpp>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "davit/async/event.hpp"

namespace davit {
namespace {

/// What the thread and the coroutine share; the thread may outlive the coroutine and its loop.
class Outcome {
 public:
  explicit Outcome(std::function<void()> tell) : tell_(std::move(tell)) {}

  /// Tells the coroutine, unless it is gone.
  void set(std::exception_ptr error) {
    const std::lock_guard lock(mutex_);
    is_there_ = true;
    error_ = std::move(error);
    if (const std::function<void()> tell = std::exchange(tell_, nullptr)) tell();
  }
  /// After that nothing of the loop is touched any more.
  void abandon() {
    const std::lock_guard lock(mutex_);
    tell_ = nullptr;
  }
  [[nodiscard]] bool is_there() {
    const std::lock_guard lock(mutex_);
    return is_there_;
  }
  void rethrow_error() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  std::mutex mutex_;
  std::function<void()> tell_;
  std::exception_ptr error_;
  bool is_there_ = false;
};

/// Abandons it when the coroutine ends, in whatever way: a loop that is destroyed takes its coroutines with it.
class AbandonAtEnd {
 public:
  explicit AbandonAtEnd(Outcome& outcome) : outcome_(outcome) {}
  ~AbandonAtEnd() { outcome_.abandon(); }
  AbandonAtEnd(const AbandonAtEnd&) = delete;
  AbandonAtEnd& operator=(const AbandonAtEnd&) = delete;

 private:
  Outcome& outcome_;
};

void do_work(std::function<void()> work, Outcome& outcome) {
  std::exception_ptr error;
  try {
    work();
  } catch (...) {
    error = std::current_exception();
  }
  work = nullptr;
  outcome.set(std::move(error));
}

}  // namespace

Task<void> run_abandonable(std::function<void()> work) {
  const asio::any_io_executor home = co_await asio::this_coro::executor;
  const auto changed = std::make_shared<Event>(home);  // shared: what is posted may outlive this coroutine
  std::function<void()> tell = [home, changed] { asio::post(home, [changed] { changed->notify(); }); };
  const auto outcome = std::make_shared<Outcome>(std::move(tell));
  const AbandonAtEnd end(*outcome);
  std::thread([outcome, work = std::move(work)]() mutable { do_work(std::move(work), *outcome); }).detach();
  while (!outcome->is_there()) co_await changed->wait();
  outcome->rethrow_error();
}

}  // namespace davit
