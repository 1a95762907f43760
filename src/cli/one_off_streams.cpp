#include "one_off_streams.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <optional>

#include "davit/base/error.hpp"
#include "davit/base/fd.hpp"
#include "davit/logs/reader.hpp"
#include "terminal.hpp"

namespace davit::cli {
namespace {

constexpr std::size_t kChunk = 65536;

/// Standard input, which others share: on a terminal it is the same open file as standard output, so it must stay as it
/// is. Asio makes a descriptor that it waits for non-blocking; here that is one of epoll, which is ready when standard
/// input is.
class Input {
 public:
  explicit Input(const asio::any_io_executor& executor) {
    Fd ready(::epoll_create1(EPOLL_CLOEXEC));
    if (!ready) throw_system_error("wait for", "standard input", errno);
    epoll_event readable{.events = EPOLLIN, .data = {}};
    if (::epoll_ctl(ready.get(), EPOLL_CTL_ADD, STDIN_FILENO, &readable) == 0)
      waiting_.emplace(executor, ready.release());
    else if (errno != EPERM && errno != EBADF)  // a regular file is always ready; a closed one is at its end
      throw_system_error("wait for", "standard input", errno);
  }

  /// The next bytes; empty at its end.
  Task<std::string> read() {
    std::string bytes(kChunk, '\0');
    if (waiting_) co_await waiting_->async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
    // Another process may have the same terminal and have read meanwhile: then there is nothing, and not the end.
    for (pollfd now{STDIN_FILENO, POLLIN, 0}; waiting_ && ::poll(&now, 1, 0) == 0;)
      co_await waiting_->async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
    const ssize_t got = ::read(STDIN_FILENO, bytes.data(), bytes.size());
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    co_return bytes;
  }

 private:
  std::optional<asio::posix::stream_descriptor> waiting_;
};

Task<bool> is_up(Session& session, ContainerId container) {
  try {
    const engine::Observed observed = co_await session.engine().observe();
    for (const auto& one : observed.containers)
      if (one.id == container)
        co_return one.state == engine::ContainerState::Running || one.state == engine::ContainerState::Paused;
  } catch (const Error&) {
    // There is no supervisor any more.
  }
  co_return false;
}

}  // namespace

Task<void> feed_input(Session& session, ContainerId container) {
  constexpr int kAttempts = 10;  // one after the other, without a byte between them
  Input from(co_await asio::this_coro::executor);
  std::string bytes;
  bool at_end = false;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    try {
      const auto input = co_await session.engine().attach_stdin(container);
      while (!at_end) {
        if (bytes.empty()) bytes = co_await from.read();
        at_end = bytes.empty();
        if (at_end) break;
        co_await input->write(bytes);
        bytes.clear();
        attempt = 0;
      }
      co_await input->close();
      co_return;
    } catch (const Error&) {
      // Its supervisor has died, and the next one goes on. Or it has ended; what it did not read is nobody's.
    }
    const bool goes_on = co_await is_up(session, container);
    if (!goes_on) co_return;
  }
}

Task<void> follow_terminal_size(Session& session, ContainerId container) {
  asio::signal_set changed(co_await asio::this_coro::executor, SIGWINCH);
  for (;;) {
    try {
      if (const auto size = terminal_size())
        co_await session.engine().resize_terminal(container, size->first, size->second);
    } catch (const Error&) {
      // It has ended meanwhile.
    }
    co_await changed.async_wait(asio::use_awaitable);
  }
}

struct RawOutput::Impl {
  explicit Impl(const std::string& folder) : reader(folder), notify(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
    std::filesystem::create_directories(folder);
    if (!notify || ::inotify_add_watch(notify.get(), folder.c_str(), IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0)
      throw_system_error("watch", folder, errno);
  }

  void print() {
    while (const auto record = reader.next_record()) {
      std::FILE* const to = record->stream == logs::Stream::Stdout ? stdout : stderr;
      std::fwrite(record->text.data(), 1, record->text.size(), to);
      if (record->extent == logs::Extent::Full) std::fputc('\n', to);
    }
    std::fflush(stdout);
    std::fflush(stderr);
    if (std::ferror(stdout) != 0) throw ExitWith{1};  // what became of it is said at the end of every command
  }

  logs::LogReader reader;
  Fd notify;
};

RawOutput::RawOutput(const std::string& log_folder) : impl_(std::make_unique<Impl>(log_folder)) {}

RawOutput::~RawOutput() = default;

void RawOutput::drain() {
  impl_->print();
}

Task<void> RawOutput::follow() {
  asio::posix::stream_descriptor woken(co_await asio::this_coro::executor, ::dup(impl_->notify.get()));
  std::array<char, 4096> news;
  for (;;) {
    impl_->print();
    co_await woken.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
    while (::read(impl_->notify.get(), news.data(), news.size()) > 0) {
    }
  }
}

}  // namespace davit::cli
