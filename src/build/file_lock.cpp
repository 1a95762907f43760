#include "build/file_lock.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>

#include "davit/base/error.hpp"

namespace davit::build {
namespace {

Fd open_lock(const std::string& path) {
  Fd lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock) throw_system_error("open", path, errno);
  return lock;
}

/// False: somebody has it.
bool take_now(const Fd& lock, const std::string& path) {
  while (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return false;
    if (errno != EINTR) throw_system_error("lock", path, errno);
  }
  return true;
}

/// In a copy of a process that has threads: only what is safe in a signal handler may be called.
[[noreturn]] void be_waiter(int lock, pid_t parent) {
  // Not to outlive the build, nor to keep what tells its guard that it has ended.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
  constexpr int kKept = 3;
  ::dup2(lock, kKept);
  ::syscall(SYS_close_range, kKept + 1, ~0U, 0);
  while (::flock(kKept, LOCK_EX) != 0)
    if (errno != EINTR) ::_exit(1);
  ::_exit(0);
}

}  // namespace

std::optional<Fd> try_file_lock(const std::string& path) {
  Fd lock = open_lock(path);
  if (!take_now(lock, path)) return std::nullopt;
  return lock;
}

std::optional<Fd> wait_for_file_lock(const std::string& path, const std::stop_token& stop,
                                     const std::function<void()>& waits) {
  Fd lock = open_lock(path);
  if (take_now(lock, path)) return lock;
  waits();
  const Fd stopped(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stopped) throw_system_error("make", "an event descriptor", errno);
  const std::stop_callback on_stop(stop, [&stopped] {
    const std::uint64_t one = 1;
    (void)!::write(stopped.get(), &one, sizeof one);
  });
  // flock cannot be waited for together with anything else. The lock belongs to the open file, which a child shares:
  // when the child has it, we have it; and a child can be killed while it waits.
  const pid_t self = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) throw_system_error("start", "a process that waits for a lock", errno);
  if (pid == 0) be_waiter(lock.get(), self);
  const Fd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  const int not_watched = process ? 0 : errno;
  std::array<struct pollfd, 2> wait{{{process.get(), POLLIN, 0}, {stopped.get(), POLLIN, 0}}};
  while (process && ::poll(wait.data(), wait.size(), -1) < 0 && errno == EINTR) {
  }
  ::kill(pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!process) throw_system_error("watch", "the process that waits for a lock", not_watched);
  if (stop.stop_requested()) return std::nullopt;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) throw Error("cannot wait for the lock '" + path + "'");
  return lock;
}

}  // namespace davit::build
