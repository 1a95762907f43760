#include "davit/async/offload.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <exception>
#include <optional>

namespace davit {
namespace {

std::exception_ptr error_of(const std::function<void()>& work) {
  try {
    work();
  } catch (...) {
    return std::current_exception();
  }
  return nullptr;
}

}  // namespace

/// The threads begin with the first work: most commands have none for them.
struct WorkerPool::Impl {
  explicit Impl(unsigned count) : threads(count) {}
  asio::thread_pool& started() {
    if (!pool) pool.emplace(threads);
    return *pool;
  }
  unsigned threads;
  std::optional<asio::thread_pool> pool;
};

WorkerPool::WorkerPool(unsigned threads) : impl_(std::make_unique<Impl>(threads)) {}

WorkerPool::~WorkerPool() {
  if (impl_->pool) impl_->pool->join();
}

void WorkerPool::drop(std::shared_ptr<void> thing) {
  asio::post(impl_->started(), [thing = std::move(thing)]() mutable { thing.reset(); });
}

Task<void> WorkerPool::run(std::function<void()> work) {
  const asio::any_io_executor home = co_await asio::this_coro::executor;
  asio::thread_pool& pool = impl_->started();
  // The handler goes to the pool and comes home with the error; the guard keeps the loop at home running meanwhile.
  auto initiate = [&pool, home](auto handler, std::function<void()> job) {
    auto guard = asio::make_work_guard(home);
    asio::post(pool, [handler = std::move(handler), job = std::move(job), home, guard = std::move(guard)]() mutable {
      std::exception_ptr error = error_of(job);
      asio::post(home, [handler = std::move(handler), error = std::move(error)]() mutable {
        std::move(handler)(std::move(error));
      });
    });
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr)>(initiate, asio::use_awaitable,
                                                                                         std::move(work));
}

}  // namespace davit
