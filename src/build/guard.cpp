#include "build/guard.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

#include "build/pipe.hpp"
#include "davit/base/error.hpp"

namespace davit::build {
namespace {

// What the guard's process keeps, at these numbers.
constexpr int kWake = 3;
constexpr int kLock = 4;
constexpr int kBusy = 5;
constexpr int kKept = 6;

// The functions below run in a copy of a process that had threads: only what is safe in a signal handler may be called.

void keep_only(int wake, int lock, int busy) {
  // Above all targets first, so that no target is overwritten before it was copied.
  const std::array<int, 3> high{::fcntl(wake, F_DUPFD, kKept), ::fcntl(lock, F_DUPFD, kKept),
                                ::fcntl(busy, F_DUPFD, kKept)};
  const int null = ::open("/dev/null", O_RDWR);
  for (int fd = 0; fd < kWake; ++fd) ::dup2(null, fd);
  for (int i = 0; i < 3; ++i) ::dup2(high[static_cast<std::size_t>(i)], kWake + i);
  ::syscall(SYS_close_range, kKept, ~0U, 0);
}

void ignore_what_a_terminal_sends() {
  ::setsid();
  for (const int number : {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP}) ::signal(number, SIG_IGN);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

enum class Woken { Dismissed, ForWork };

Woken wait_to_be_woken() {
  char byte = 0;
  for (;;) {
    const ssize_t got = ::read(kWake, &byte, 1);
    if (got > 0) return Woken::Dismissed;
    if (got == 0 || errno != EINTR) return Woken::ForWork;
  }
}

[[noreturn]] void be_guard(int wake, int lock, int busy, char* const* argv) {
  // A child of nobody's: who waits for davit's children does not wait for it.
  if (::fork() != 0) ::_exit(0);
  ignore_what_a_terminal_sends();
  keep_only(wake, lock, busy);
  (void)!::chdir("/");
  if (wait_to_be_woken() == Woken::Dismissed) ::_exit(0);
  ::execv(argv[0], argv);
  ::_exit(127);
}

}  // namespace

Guard::Guard(const std::string& davit, const std::filesystem::path& data_root, const std::string& id, const Fd& lock) {
  std::array<std::string, 6> words{davit, "--data-root",        data_root.string(), "build-cleanup",
                                   id,    std::to_string(kBusy)};
  std::array<char*, 7> argv{};
  std::transform(words.begin(), words.end(), argv.begin(), [](std::string& word) { return word.data(); });
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    throw_system_error("make a socket pair", "", errno);
  Fd ours(ends[0]);
  const Fd theirs(ends[1]);
  Pipe busy;
  const pid_t pid = ::fork();
  if (pid < 0) throw_system_error("start", "the guard of a build", errno);
  if (pid == 0) be_guard(theirs.get(), lock.get(), busy.read.get(), argv.data());
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  alive_ = std::move(ours);
  busy_write_ = std::move(busy.write);
}

void Guard::dismiss() noexcept {
  // Somebody may have killed the guard; the build is none the worse for it.
  (void)::send(alive_.get(), "", 1, MSG_NOSIGNAL);
}

}  // namespace davit::build
