#include "davit/process/pidfd.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <string>

#include "davit/base/error.hpp"

namespace davit::process {

std::optional<PidFd> PidFd::open(pid_t pid) {
  const auto fd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0U));  // close-on-exec by itself
  if (fd >= 0) return PidFd(Fd(fd));
  if (errno == ESRCH) return std::nullopt;
  throw_system_error("open process", std::to_string(pid), errno);
}

PidFd::Sent PidFd::send(int signal) const {
  if (::syscall(SYS_pidfd_send_signal, fd_.get(), signal, nullptr, 0U) == 0) return Sent::Yes;
  if (errno == ESRCH) return Sent::NoSuchProcess;
  throw_system_error("send signal", std::to_string(signal), errno);
}

bool PidFd::has_ended() const {
  pollfd entry{fd_.get(), POLLIN, 0};
  return ::poll(&entry, 1, 0) == 1;
}

Task<void> PidFd::ended() const {
  const auto executor = co_await asio::this_coro::executor;
  // A duplicate, so that waiters are independent of each other and of this object's life. epoll refuses the same
  // descriptor twice, but not the same file under two descriptors.
  const int copy = ::fcntl(fd_.get(), F_DUPFD_CLOEXEC, 3);
  if (copy < 0) throw_system_error("watch", "a process", errno);
  asio::posix::stream_descriptor descriptor(executor, copy);
  co_await descriptor.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
}

Task<TimedOut> end_all(Timers& timers, const std::vector<PidFd>& processes, Timers::Clock::duration limit) {
  for (const auto& process : processes) (void)process.send(SIGKILL);
  for (const auto& process : processes) {
    Task<void> ending = process.ended();
    const TimedOut timed_out = co_await with_timeout(timers, limit, std::move(ending));
    if (timed_out == TimedOut::Yes) co_return timed_out;
  }
  co_return TimedOut::No;
}

}  // namespace davit::process
