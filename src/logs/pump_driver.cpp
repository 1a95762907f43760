#include "davit/logs/pump_driver.hpp"

#include <fcntl.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <utility>

#include "davit/base/error.hpp"
#include "davit/logs/read_pacing.hpp"

namespace davit::logs {

/// What the loop watches of a stream: a descriptor of its own, since the pump closes the other when the stream ends.
class PumpDriver::Source {
 public:
  Source(const asio::any_io_executor& executor, Fd fd, std::chrono::steady_clock::duration pause)
      : watched_(executor, fd.release()), timer_(executor), pause_(pause) {}

  Task<void> wait(ReadPacing::Wait how) {
    boost::system::error_code ended;  // by stop(): the caller looks for himself
    if (how == ReadPacing::Wait::UntilReadable) {
      co_await watched_.async_wait(asio::posix::descriptor_base::wait_read,
                                   asio::redirect_error(asio::use_awaitable, ended));
      co_return;
    }
    co_await rest(pause_);
  }

  /// Without looking at the stream. Ends early by stop().
  Task<void> rest(std::chrono::steady_clock::duration time) {
    boost::system::error_code ended;
    // A registered descriptor wakes the loop at each write, waited for or not.
    Fd resting{watched_.release()};
    timer_.expires_after(time);
    co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ended));
    watched_.assign(resting.release());
  }

  void stop() {
    if (watched_.is_open()) watched_.cancel();
    timer_.cancel();
  }

 private:
  asio::posix::stream_descriptor watched_;
  asio::steady_timer timer_;
  std::chrono::steady_clock::duration pause_;
};

PumpDriver::PumpDriver(const asio::any_io_executor& executor, LogPump pump, std::chrono::steady_clock::duration pause,
                       PumpRetry::Limits limits)
    : pump_(std::move(pump)), limits_(limits) {
  for (const Stream stream : {Stream::Stdout, Stream::Stderr}) {
    const int fd = pump_.source_fd(stream);
    if (fd < 0) continue;
    Fd copy{::fcntl(fd, F_DUPFD_CLOEXEC, 3)};
    if (!copy) throw_system_error("watch", "the output of a container", errno);
    sources_[index(stream)] = std::make_unique<Source>(executor, std::move(copy), pause);
  }
}

PumpDriver::~PumpDriver() = default;

/// What became of a try to pump.
struct PumpDriver::Tried {
  LogPump::Progress progress;
  std::optional<PumpRetry::Next> failed;
};

PumpDriver::Tried PumpDriver::attempt(Stream stream, PumpRetry& retry, const Notice& notice) {
  Tried tried;
  try {
    tried.progress = pump_.on_readable(stream);
    retry.worked();
    if (tried.progress.notice && notice) notice(*tried.progress.notice);
    return tried;
  } catch (const std::exception& error) {
    tried.failed = retry.failed();
    const PumpRetry::Next& next = *tried.failed;
    if (next.tell == PumpRetry::Tell::Failure && notice)
      notice(Diagnostic::warning("log-stuck",
                                 std::string("cannot write the log: ") + error.what() + "; it is tried again"));
    if (next.tell == PumpRetry::Tell::Dropping && notice)
      notice(Diagnostic::warning("log-dropped", std::string("cannot write the log: ") + error.what() +
                                                    "; output is dropped until it can be written"));
  }
  if (tried.failed->act == PumpRetry::Act::Drop) drop(stream);
  return tried;
}

void PumpDriver::drop(Stream stream) {
  try {
    pump_.drop(stream);
  } catch (const std::exception&) {
    // Nothing is lost yet; it has been told that the log cannot be written, and the next try comes.
  }
}

Task<void> PumpDriver::follow(std::shared_ptr<PumpDriver> self, Stream stream, Notice notice) {
  Source* const source = self->sources_[index(stream)].get();
  if (source == nullptr) co_return;
  const auto executor = co_await asio::this_coro::executor;
  ReadPacing pacing;
  PumpRetry retry(self->limits_);
  std::size_t bytes = 0;
  co_await source->wait(ReadPacing::Wait::UntilReadable);
  while (!self->stopped_) {
    const Tried tried = self->attempt(stream, retry, notice);
    bytes += tried.progress.bytes;
    if (tried.failed) {
      const auto pause = tried.failed->after;
      co_await source->rest(pause);
    } else if (tried.progress.state == LogPump::State::Ended) {
      co_return;
    } else if (tried.progress.state == LogPump::State::More) {
      co_await asio::post(executor, asio::use_awaitable);  // the others have their turn
    } else {
      const ReadPacing::Wait how = pacing.emptied(std::exchange(bytes, 0), ReadPacing::Time::clock::now());
      co_await source->wait(how);
    }
  }
}

void PumpDriver::finish() {
  if (stopped_) return;
  stopped_ = true;
  std::exception_ptr failure;
  for (const Stream stream : {Stream::Stdout, Stream::Stderr}) {
    try {
      finish(stream);
    } catch (...) {
      failure = std::current_exception();
    }
    if (const auto& source = sources_[index(stream)]) source->stop();
  }
  if (failure) std::rethrow_exception(failure);
}

/// Nobody is held up any more, so there is no dropping; and nobody waits either, so there is one more try and no other.
void PumpDriver::finish(Stream stream) {
  for (int failures = 0; pump_.source_fd(stream) >= 0;) {
    try {
      if (pump_.on_readable(stream).state != LogPump::State::More) return;
      failures = 0;
    } catch (const std::exception&) {
      if (++failures > 1) throw;
    }
  }
}

}  // namespace davit::logs
