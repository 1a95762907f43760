#include "davit/runtime/until_signal.hpp"

#include "davit/async/cancellation.hpp"
#include "davit/async/task_group.hpp"

namespace davit::runtime {
namespace {

Task<void> cancel_at_signal(Interrupts& interrupts, TaskGroup& working, bool& signalled) {
  co_await interrupts.next();
  signalled = true;
  working.cancel();
}

Task<std::exception_ptr> joined(TaskGroup& group) {
  std::exception_ptr failure;
  try {
    co_await group.join();
  } catch (...) {
    failure = std::current_exception();
  }
  co_return failure;
}

}  // namespace

Task<CutShort> run_until_signal(Task<void> work, Interrupts& interrupts) {
  const auto executor = co_await asio::this_coro::executor;
  TaskGroup working(executor);
  TaskGroup watching(executor);
  CutShort result;
  working.spawn(std::move(work));
  watching.spawn(cancel_at_signal(interrupts, working, result.signalled));
  result.failure = co_await joined(working);
  watching.cancel();
  co_await joined(watching);  // cancelled, as asked
  if (result.failure && is_cancellation(result.failure)) {
    if (!result.signalled) std::rethrow_exception(result.failure);
    result.failure = nullptr;
  }
  co_return result;
}

}  // namespace davit::runtime
