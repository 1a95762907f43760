#include "build/guard.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
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
constexpr int kBuilder = 6;
constexpr int kKept = 7;

constexpr char kNothingLeft = 'n';
constexpr char kClearUp = 'c';
constexpr int kLongestDeath = 10'000;  ///< milliseconds; then what can be cleared is cleared

// The functions below run in a copy of a process that had threads: only what is safe in a signal handler may be called.

struct Kept {
  int wake;
  int lock;
  int busy;
  int builder;
};

/// False, with an errno, when not all of them are in place: a guard without them would take a build that lives for
/// dead.
bool keep_only(const Kept& fds) {
  const int null = ::open("/dev/null", O_RDWR);
  // Above all targets first, so that no target is overwritten before it was copied.
  std::array<int, kKept> wanted{null, null, null, fds.wake, fds.lock, fds.busy, fds.builder};
  for (int& fd : wanted)
    if (fd = ::fcntl(fd, F_DUPFD, kKept); fd < 0) return false;
  for (int target = 0; target < kKept; ++target)
    if (::dup2(wanted[static_cast<std::size_t>(target)], target) < 0) return false;
  ::syscall(SYS_close_range, kKept, ~0U, 0);
  return true;
}

void ignore_what_a_terminal_sends() {
  ::setsid();
  for (const int number : {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP}) ::signal(number, SIG_IGN);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

enum class Woken { Dismissed, ForWork };

/// A process closes its descriptors one after the other when it ends: at the first of them the locks that say that it
/// lives may still be there. Its descriptor (pidfd) tells when all is closed.
void wait_for_the_end_of_the_builder() {
  pollfd ended{kBuilder, POLLIN, 0};
  while (::poll(&ended, 1, kLongestDeath) < 0 && errno == EINTR) {
  }
}

Woken wait_to_be_woken() {
  char word = 0;
  for (;;) {
    const ssize_t got = ::read(kWake, &word, 1);
    if (got > 0) return word == kNothingLeft ? Woken::Dismissed : Woken::ForWork;
    if (got < 0 && errno == EINTR) continue;
    wait_for_the_end_of_the_builder();
    return Woken::ForWork;
  }
}

/// Ends with 0 when the guard is there, else with an errno value.
[[noreturn]] void be_guard(const Kept& fds, char* const* argv) {
  if (!keep_only(fds)) ::_exit(errno);
  // A child of nobody's: who waits for davit's children does not wait for it.
  if (const pid_t guard = ::fork(); guard != 0) ::_exit(guard < 0 ? errno : 0);
  ignore_what_a_terminal_sends();
  ::fcntl(kBuilder, F_SETFD, FD_CLOEXEC);
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
  const Fd builder(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0)));
  if (!builder) throw_system_error("watch", "this process", errno);
  const pid_t pid = ::fork();
  if (pid < 0) throw_system_error("start", "the guard of a build", errno);
  if (pid == 0) be_guard({theirs.get(), lock.get(), busy.read.get(), builder.get()}, argv.data());
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status)) throw Error("cannot start the guard of a build: it was killed");
  if (WEXITSTATUS(status) != 0) throw_system_error("start", "the guard of a build", WEXITSTATUS(status));
  alive_ = std::move(ours);
  busy_write_ = std::move(busy.write);
}

Guard::~Guard() {
  tell(kClearUp);  // not heard by one that was dismissed
}

void Guard::dismiss() noexcept {
  tell(kNothingLeft);
}

void Guard::tell(char word) noexcept {
  // Somebody may have killed the guard; the build is none the worse for it.
  (void)::send(alive_.get(), &word, 1, MSG_NOSIGNAL);
}

}  // namespace davit::build
