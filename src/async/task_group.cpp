#include "davit/async/task_group.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <list>

#include "davit/async/cancellation.hpp"

namespace davit {

bool is_cancellation(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const boost::system::system_error& e) {
    return e.code() == asio::error::operation_aborted;
  } catch (...) {
    return false;
  }
}

struct TaskGroup::State {
  explicit State(asio::any_io_executor e) : executor(std::move(e)), changed(executor) {
    changed.expires_at(asio::steady_timer::time_point::max());
  }

  void ended(std::list<asio::cancellation_signal>::iterator signal, const std::exception_ptr& error) {
    signals.erase(signal);
    --running;
    if (error) note(error);
    changed.cancel();
  }

  /// A cancellation is never the cause of anything.
  void note(const std::exception_ptr& error) {
    if (!first_error) {
      first_error = error;
      cancel_all();
    } else if (is_cancellation(first_error)) {
      first_error = error;
    } else if (!is_cancellation(error)) {
      other_errors.push_back(error);
    }
  }

  void cancel_all() {
    cancelled = true;
    // A task may end, and so leave the list, inside emit: walk over a copy of the iterators' successors.
    for (auto it = signals.begin(); it != signals.end();) (it++)->emit(asio::cancellation_type::terminal);
  }

  asio::any_io_executor executor;
  asio::steady_timer changed;  // a timer that never fires serves as a condition variable
  std::list<asio::cancellation_signal> signals;
  std::size_t running = 0;
  bool cancelled = false;
  bool owner_cancelled = false;  ///< while it was in join()
  std::exception_ptr first_error;
  std::vector<std::exception_ptr> other_errors;
};

TaskGroup::TaskGroup(asio::any_io_executor executor) : state_(std::make_shared<State>(std::move(executor))) {}

TaskGroup::~TaskGroup() = default;

void TaskGroup::spawn(Task<void> task) {
  auto signal = state_->signals.emplace(state_->signals.end());
  ++state_->running;
  auto done = [state = state_, signal](const std::exception_ptr& error) { state->ended(signal, error); };
  asio::co_spawn(state_->executor, std::move(task), asio::bind_cancellation_slot(signal->slot(), std::move(done)));
  if (state_->cancelled) {
    asio::post(state_->executor, [state = state_] { state->cancel_all(); });
  }
}

void TaskGroup::cancel() {
  state_->cancel_all();
}

std::size_t TaskGroup::running() const {
  return state_->running;
}

Task<void> TaskGroup::join() {
  const auto state = state_;
  // The tasks must have ended before the owner goes on, also when the owner itself is being cancelled.
  co_await asio::this_coro::throw_if_cancelled(false);
  for (;;) {
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    if (cancellation.cancelled() != asio::cancellation_type::none && !state->owner_cancelled) {
      state->owner_cancelled = true;
      state->cancel_all();
      co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    }
    if (state->running == 0) break;
    boost::system::error_code ignored;
    co_await state->changed.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  const auto first_error = std::exchange(state->first_error, nullptr);
  if (state->owner_cancelled && (!first_error || is_cancellation(first_error)))
    throw boost::system::system_error(asio::error::operation_aborted);
  if (!state->owner_cancelled) co_await asio::this_coro::throw_if_cancelled(true);
  if (!first_error) co_return;
  try {
    std::rethrow_exception(first_error);
  } catch (Error& first) {
    for (const auto& other : state->other_errors) {
      try {
        std::rethrow_exception(other);
      } catch (const std::exception& e) {
        first.context(std::string("also: ") + e.what());
      }
    }
    throw;
  }
}

namespace {

/// The end of the work cancels this too. A coroutine that is cancelled and has never waited throws into the event loop
/// when it ends (Asio's co_spawn has one more wait for it), so it waits once before.
Task<void> then_end(Task<void> work, TaskGroup& group, bool& done) {
  const auto executor = co_await asio::this_coro::executor;
  co_await asio::post(executor, asio::use_awaitable);
  co_await std::move(work);
  done = true;
  group.cancel();
}

}  // namespace

Task<void> run_beside(Task<void> work, std::vector<Task<void>> others) {
  TaskGroup group(co_await asio::this_coro::executor);
  bool done = false;
  for (Task<void>& other : others) group.spawn(std::move(other));
  group.spawn(then_end(std::move(work), group, done));
  try {
    co_await group.join();
  } catch (const boost::system::system_error& error) {
    const bool as_asked = error.code() == asio::error::operation_aborted && !group.state_->owner_cancelled;
    if (!done || !as_asked) throw;
  }
}

}  // namespace davit
