#include "davit/logs/drive_pump.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <utility>

#include "davit/async/task_group.hpp"
#include "davit/base/error.hpp"

namespace davit::logs {
namespace {

using Notice = std::function<void(const Diagnostic&)>;

Task<void> drive_stream(LogPump& pump, Stream stream, const Notice& notice) {
  // The pump closes its descriptor when the stream ends; the loop has one of its own.
  Fd own{::dup(pump.source_fd(stream))};
  if (!own) throw_system_error("watch", "the output of a container", errno);
  const auto executor = co_await asio::this_coro::executor;
  asio::posix::stream_descriptor source{executor, own.release()};
  for (;;) {
    const LogPump::Progress progress = pump.on_readable(stream);
    if (progress.notice && notice) notice(*progress.notice);
    if (progress.state == LogPump::State::Ended) co_return;
    if (progress.state == LogPump::State::More) {
      co_await asio::post(executor, asio::use_awaitable);  // the others have their turn
    } else {
      co_await source.async_wait(asio::posix::descriptor_base::wait_read, asio::use_awaitable);
    }
  }
}

}  // namespace

Task<void> drive(LogPump& pump, std::function<void(const Diagnostic&)> notice) {
  const auto executor = co_await asio::this_coro::executor;
  TaskGroup streams{executor};
  for (const Stream stream : {Stream::Stdout, Stream::Stderr})
    if (pump.source_fd(stream) >= 0) streams.spawn(drive_stream(pump, stream, notice));
  co_await streams.join();
}

}  // namespace davit::logs
