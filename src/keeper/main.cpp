// davit-keeper: parent of one project's supervisor and, as subreaper, of its containers. It holds descriptors,
// remembers exits, restarts a dead supervisor and hands everything back. It decides nothing, so that it has nothing to
// crash on.
//
//   davit-keeper --folder RUN/PROJECT [--ready FD] [--lock FD] -- DAVIT supervisor ...

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>

#include "davit/container/mount_namespace.hpp"
#include "davit/keeper/message.hpp"
#include "keeper/folder.hpp"
#include "keeper/own_cgroup.hpp"
#include "keeper/tables.hpp"

namespace davit::keeper {
namespace {

constexpr int kSupervisorSocket = 3;
constexpr int kSupervisorReady = 4;
constexpr rlim_t kWantedDescriptors = 65536;

HeldTable held;
ExitTable exits;
OwnCgroup own_cgroup;

void say(const char* what, long number) {
  char stamp[32];
  const time_t now = ::time(nullptr);
  struct tm utc{};
  ::gmtime_r(&now, &utc);
  ::strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", &utc);
  ::dprintf(2, "%s keeper: %s %ld\n", stamp, what, number);
}

[[noreturn]] void fail(const char* what) {
  ::dprintf(2, "davit-keeper: cannot %s: %s\n", what, ::strerror(errno));
  ::_exit(1);
}

std::int64_t nanoseconds(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

struct Options {
  const char* folder = nullptr;
  int ready = -1;
  int lock = -1;  ///< the project's lock, held by whoever starts us
  char** program = nullptr;
};

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view arg = argv[i];
    if (arg == "--") {
      options.program = argv + i + 1;
      break;
    }
    if (i + 1 < argc && arg == "--folder") {
      options.folder = argv[++i];
    } else if (i + 1 < argc && arg == "--ready") {
      options.ready = ::atoi(argv[++i]);
    } else if (i + 1 < argc && arg == "--lock") {
      options.lock = ::atoi(argv[++i]);
    } else {
      break;
    }
  }
  if (options.folder == nullptr || options.program == nullptr || *options.program == nullptr) {
    ::dprintf(2, "usage: davit-keeper --folder FOLDER [--ready FD] [--lock FD] -- PROGRAM [ARGUMENT...]\n");
    ::_exit(2);
  }
  return options;
}

/// One packet with at most one descriptor. False when it would block or nobody listens; then nothing was sent.
bool send_message(int socket, const Message& message, int fd) {
  std::array<std::byte, kMaxPacket> packet{};
  iovec data{packet.data(), encode(message, packet)};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr header{};
  header.msg_iov = &data;
  header.msg_iovlen = 1;
  if (fd >= 0) {
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    cmsghdr* const rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(rights), &fd, sizeof fd);
  }
  return ::sendmsg(socket, &header, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

class Keeper {
 public:
  Keeper(const Options& options, int signals) : options_(options), signals_(signals) {
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    if (epoll_ < 0) fail("make an epoll set");
    watch(signals_, EPOLLIN, EPOLL_CTL_ADD);
  }

  int run() {
    start_supervisor();
    for (;;) {
      epoll_event events[8];
      const int count = ::epoll_wait(epoll_, events, 8, timeout());
      for (int i = 0; i < count; ++i) {
        if (events[i].data.fd == signals_) {
          if (const auto code = on_signals()) return *code;
        } else if (events[i].data.fd == socket_) {
          if ((events[i].events & EPOLLIN) != 0) read_messages();
          if ((events[i].events & EPOLLOUT) != 0) send_pending();
          // A closed socket without a dead supervisor means nothing can be said any more; its end will follow.
          if ((events[i].events & (EPOLLHUP | EPOLLERR)) != 0) watch(socket_, 0, EPOLL_CTL_DEL);
        }
      }
      if (supervisor_ == 0 && nanoseconds(CLOCK_MONOTONIC) >= start_at_) start_supervisor();
    }
  }

 private:
  void watch(int fd, std::uint32_t events, int operation) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    ::epoll_ctl(epoll_, operation, fd, &event);
  }

  [[nodiscard]] int timeout() const {
    if (supervisor_ != 0) return -1;
    const std::int64_t left = start_at_ - nanoseconds(CLOCK_MONOTONIC);
    return left <= 0 ? 0 : static_cast<int>(left / 1'000'000) + 1;
  }

  void start_supervisor() {
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
      say("cannot make a socket pair, errno", errno);
      return retry_later();
    }
    started_at_ = nanoseconds(CLOCK_MONOTONIC);
    const pid_t pid = ::fork();
    if (pid == 0) become_supervisor(pair[1]);
    ::close(pair[1]);
    if (options_.ready >= 0) ::close(options_.ready);
    options_.ready = -1;
    if (pid < 0) {
      say("cannot fork, errno", errno);
      ::close(pair[0]);
      return retry_later();
    }
    supervisor_ = pid;
    socket_ = pair[0];
    ::fcntl(socket_, F_SETFL, O_NONBLOCK);
    exits.all_unsent();
    recovering_ = false;
    sync_ = 0;
    watch(socket_, EPOLLIN, EPOLL_CTL_ADD);
  }

  void retry_later() { start_at_ = nanoseconds(CLOCK_MONOTONIC) + 1'000'000'000; }

  [[noreturn]] void become_supervisor(int socket) {
    // Without its keeper a supervisor could not learn of a single exit: it ends with it.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != keeper_pid_) ::_exit(1);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    // Moved out of each other's way first.
    const int socket_copy = ::fcntl(socket, F_DUPFD_CLOEXEC, kSupervisorReady + 1);
    const int ready_copy = options_.ready >= 0 ? ::fcntl(options_.ready, F_DUPFD_CLOEXEC, kSupervisorReady + 1) : -1;
    ::dup2(socket_copy, kSupervisorSocket);
    ::setenv(kSocketVariable, "3", 1);
    ::unsetenv(kReadyVariable);
    unsigned first_unused = kSupervisorSocket + 1;
    if (ready_copy >= 0) {
      ::dup2(ready_copy, kSupervisorReady);
      ::setenv(kReadyVariable, "4", 1);
      first_unused = kSupervisorReady + 1;
    }
    ::syscall(SYS_close_range, first_unused, ~0U, 0U);
    ::execv(options_.program[0], options_.program);
    ::dprintf(2, "davit-keeper: cannot run '%s': %s\n", options_.program[0], ::strerror(errno));
    ::_exit(kExitDoNotRestart);
  }

  /// The exit code of the keeper, when it is over.
  std::optional<int> on_signals() {
    signalfd_siginfo info{};
    while (::read(signals_, &info, sizeof info) == sizeof info)
      if (info.ssi_signo != SIGCHLD && supervisor_ != 0) ::kill(supervisor_, static_cast<int>(info.ssi_signo));
    int status = 0;
    int supervisor_status = 0;
    bool supervisor_ended = false;
    for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
      if (pid == supervisor_) {
        supervisor_ended = true;
        supervisor_status = status;
      } else if (!exits.add(pid, status, nanoseconds(CLOCK_REALTIME))) {
        say("too many exits, forgot one; remembered are", static_cast<long>(exits.size()));
      }
    }
    if (supervisor_ended) return on_supervisor_end(supervisor_status);
    send_pending();
    return std::nullopt;
  }

  std::optional<int> on_supervisor_end(int status) {
    read_messages();  // what it said last still counts
    ::close(socket_);
    socket_ = -1;
    supervisor_ = 0;
    if (WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == kExitDoNotRestart)) {
      own_cgroup.leave();  // before the folder: whoever waits for the end finds neither
      if (WEXITSTATUS(status) == 0) remove_folder(options_.folder);
      return WEXITSTATUS(status);
    }
    ++deaths_;
    const std::int64_t lived_ms = (nanoseconds(CLOCK_MONOTONIC) - started_at_) / 1'000'000;
    say("the supervisor died, wait status", status);
    const std::optional<int> wait = pacing_.died_after(lived_ms);
    if (!wait) {
      say("giving up: supervisors died within a second of their start, in a row", RestartPacing::kMaxShortLives);
      return 1;
    }
    start_at_ = nanoseconds(CLOCK_MONOTONIC) + static_cast<std::int64_t>(*wait) * 1'000'000;
    return std::nullopt;
  }

  void read_messages() {
    for (;;) {
      std::array<std::byte, kMaxPacket> packet{};
      iovec data{packet.data(), packet.size()};
      alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
      msghdr header{};
      header.msg_iov = &data;
      header.msg_iovlen = 1;
      header.msg_control = control;
      header.msg_controllen = sizeof control;
      const ssize_t got = ::recvmsg(socket_, &header, MSG_CMSG_CLOEXEC);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return;
      int fd = -1;
      const cmsghdr* const rights = CMSG_FIRSTHDR(&header);
      if (rights != nullptr && rights->cmsg_level == SOL_SOCKET && rights->cmsg_type == SCM_RIGHTS)
        std::memcpy(&fd, CMSG_DATA(rights), sizeof fd);
      const auto message = decode({packet.data(), static_cast<std::size_t>(got)});
      if (message) {
        on_message(*message, fd);
      } else {
        say("dropped a message that cannot be understood, bytes", static_cast<long>(got));
        if (fd >= 0) ::close(fd);
      }
    }
  }

  void on_message(const Message& message, int fd) {
    switch (message.kind) {
      case Kind::Put:
        if (fd < 0) {
          say("a descriptor did not arrive: too many are open; held are", static_cast<long>(held.used()));
        } else if (!held.put(message.name(), fd)) {
          say("too many descriptors, cannot hold another one; held are", static_cast<long>(held.used()));
        }
        return;
      case Kind::Drop:
        held.drop(message.name());
        break;
      case Kind::DropAll:
        held.drop_all(message.name());
        break;
      case Kind::Forget:
        exits.forget(message.pid);
        break;
      case Kind::Recover:
        recovering_ = true;
        cursor_ = 0;
        exits.all_unsent();
        send_pending();
        break;
      case Kind::Sync:
        sync_ = message.pid;
        send_pending();
        break;
      case Kind::Held:
      case Kind::Exited:
      case Kind::Synced:
      case Kind::Recovered:
        say("dropped a message of a wrong kind,", static_cast<long>(message.kind));
        break;
    }
    if (fd >= 0) ::close(fd);
  }

  /// Sends what is to be sent until the socket is full; then waits for room.
  void send_pending() {
    if (socket_ < 0) return;
    const bool done = send_held() && send_exits() && send_recovered() && send_synced();
    watch(socket_, done ? EPOLLIN : EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
  }

  bool send_held() {
    if (!recovering_) return true;
    for (; cursor_ < held.used(); ++cursor_) {
      const HeldTable::Slot& slot = held.at(cursor_);
      if (slot.fd < 0) continue;
      Message message;
      message.kind = Kind::Held;
      message.set_name(slot.name());
      if (!send_message(socket_, message, slot.fd)) return false;
    }
    return true;
  }

  bool send_exits() {
    for (std::size_t i = 0; i < exits.size(); ++i) {
      ExitTable::Exit& exit = exits.at(i);
      if (exit.sent) continue;
      Message message;
      message.kind = Kind::Exited;
      message.pid = exit.pid;
      message.status = exit.status;
      message.time = exit.time;
      if (!send_message(socket_, message, -1)) return false;
      exit.sent = true;
    }
    return true;
  }

  bool send_recovered() {
    if (!recovering_) return true;
    Message message;
    message.kind = Kind::Recovered;
    message.status = deaths_;
    if (!send_message(socket_, message, -1)) return false;
    recovering_ = false;
    return true;
  }

  bool send_synced() {
    if (sync_ == 0) return true;
    Message message;
    message.kind = Kind::Synced;
    message.pid = sync_;
    if (!send_message(socket_, message, -1)) return false;
    sync_ = 0;
    return true;
  }

  Options options_;
  int signals_;
  int epoll_ = -1;
  int socket_ = -1;
  pid_t keeper_pid_ = ::getpid();
  pid_t supervisor_ = 0;
  std::int64_t started_at_ = 0;
  std::int64_t start_at_ = 0;
  std::int32_t deaths_ = 0;
  bool recovering_ = false;
  std::size_t cursor_ = 0;
  std::int32_t sync_ = 0;  ///< newest Sync that is not answered; 0: none
  RestartPacing pacing_;
};

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  if (limit.rlim_max < kWantedDescriptors) limit.rlim_max = kWantedDescriptors;  // root may
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) == 0) return;
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

/// Held by the keeper as long as it lives: where there is no such lock, there is no keeper. One of the open file, and
/// not of the process, so that it stays over the forks; and one that others can ask for without taking it.
void lock_folder(int folder) {
  const int lock = ::openat(folder, "keeper.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0) fail("open 'keeper.lock'");
  struct flock whole{};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  if (::fcntl(lock, F_OFD_SETLK, &whole) == 0) return;
  fail(errno == EAGAIN || errno == EACCES ? "lock 'keeper.lock': another keeper serves this project"
                                          : "lock 'keeper.lock'");
}

void write_pid(int folder) {
  const int file = ::openat(folder, "keeper.pid", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) fail("write 'keeper.pid'");
  ::dprintf(file, "%d\n", ::getpid());
  ::close(file);
}

/// Away from the terminal, the session and the folder of whoever started us.
void become_daemon(int folder) {
  const int log = ::openat(folder, "supervisor.log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log < 0) fail("open 'supervisor.log'");
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) fail("open '/dev/null'");
  const pid_t pid = ::fork();
  if (pid < 0) fail("fork");
  if (pid > 0) ::_exit(0);
  ::setsid();
  ::umask(022);
  if (::chdir("/") != 0) fail("change to '/'");
  ::dup2(null, 0);
  ::dup2(log, 1);
  ::dup2(log, 2);
  ::close(null);
  ::close(log);
}

int block_signals() {
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGCHLD, SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&set, signal);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  const int fd = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (fd < 0) fail("make a signal descriptor");
  return fd;
}

}  // namespace
}  // namespace davit::keeper

int main(int argc, char** argv) {
  using namespace davit::keeper;
  const Options options = parse(argc, argv);
  const int folder = ::open(options.folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) fail("open the project's folder");
  lock_folder(folder);
  own_cgroup.enter();  // first: the mount namespace may hide cgroup v2
  errno = davit::container::enter_private_mount_namespace();
  if (errno != 0) fail("make a mount namespace");
  errno = mount_private_folder(options.folder);
  if (errno != 0) fail("mount a tmpfs in the project's folder");
  become_daemon(folder);
  write_pid(folder);
  ::close(folder);
  raise_descriptor_limit();
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) fail("become a subreaper");
  if (options.lock >= 0) held.put(kLockName, options.lock);
  Keeper keeper(options, block_signals());
  const int code = keeper.run();
  own_cgroup.leave();
  return code;
}
