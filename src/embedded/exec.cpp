#include "embedded/exec.hpp"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "davit/async/run_apart.hpp"
#include "davit/async/task_group.hpp"
#include "davit/base/error.hpp"
#include "davit/base/fd.hpp"
#include "davit/base/files.hpp"
#include "davit/container/oci_runtime.hpp"
#include "davit/process/pidfd.hpp"

namespace davit::embedded {
namespace {

/// Descriptors for the program; -1: this process's own.
struct Streams {
  int in = -1;
  int out = -1;
  int err = -1;
};

/// What becomes of the program when its caller is cancelled.
enum class WhenCancelled { AskToEnd, Kill };

/// In the child: says on stderr what could not be done, by system calls only.
[[noreturn]] void give_up(const char* what) {
  const char* const why = ::strerrordesc_np(errno);
  for (const char* part : {"davit: cannot run the container runtime: ", what, ": ", why, "\n"})
    (void)!::write(STDERR_FILENO, part, std::strlen(part));
  ::_exit(125);
}

/// In the child: system calls only. setns() wants root and current folder for the caller alone; a thread that a library
/// started after the fork (ThreadSanitizer does) would share them.
[[noreturn]] void become(int mount_namespace, char* const* argv, const Streams& streams) {
  struct sigaction action{};
  action.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &action, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const auto& [from, to] : {std::pair{streams.in, 0}, std::pair{streams.out, 1}, std::pair{streams.err, 2}})
    if (from >= 0 && ::dup2(from, to) < 0) give_up("pass on a stream");
  if (::unshare(CLONE_FS) != 0 || ::setns(mount_namespace, CLONE_NEWNS) != 0) give_up("join the keeper's mounts");
  ::syscall(SYS_close_range, 3U, ~0U, 0U);
  ::execv(argv[0], argv);
  give_up(argv[0]);
}

/// The program may be gone, or not there yet; and the runtime waits for nobody then.
void kill_program(const std::string& pid_file, const std::string& cgroup, pid_t runtime) {
  try {
    container::kill_in_container(pid_file, cgroup);
  } catch (const Error&) {
    // Out of descriptors, say. The runtime must end nevertheless, or the wait for it would not.
  }
  ::kill(runtime, SIGKILL);
}

/// Until the runtime, our child, is a zombie. Cancelled, it passes SIGTERM on to the program, and `failure` is set;
/// cancelled once more, both are killed: a program that ignores SIGTERM holds nobody.
Task<void> until_ended(pid_t runtime, std::string pid_file, std::string cgroup, WhenCancelled then,
                       std::exception_ptr& failure) {
  std::optional<process::PidFd> child;
  try {
    child = process::PidFd::open(runtime);
  } catch (...) {
    failure = std::current_exception();
    kill_program(pid_file, cgroup, runtime);  // it could not be waited for
  }
  while (child) {
    std::exception_ptr why;
    bool cancelled = false;
    try {
      co_await child->ended();
    } catch (const boost::system::system_error& error) {
      why = std::current_exception();
      cancelled = error.code() == asio::error::operation_aborted;
    } catch (...) {
      why = std::current_exception();
    }
    if (!why) break;
    const bool may_go_on = cancelled && !failure && then != WhenCancelled::Kill;
    failure = why;
    if (may_go_on)
      ::kill(runtime, SIGTERM);
    else
      kill_program(pid_file, cgroup, runtime);
    if (!cancelled) break;  // it cannot be waited for any more
    co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
  }
}

/// Gives the terminal that the runtime, our child, holds for the program the size of ours, if there are such terminals.
void copy_terminal_size(pid_t runtime) {
  winsize size{};
  if (::ioctl(STDIN_FILENO, TIOCGWINSZ, &size) != 0) return;
  const auto process = process::PidFd::open(runtime);
  if (!process) return;
  std::error_code error;
  const std::filesystem::directory_iterator descriptors("/proc/" + std::to_string(runtime) + "/fd", error);
  for (const auto& entry : descriptors) {
    const std::string target = std::filesystem::read_symlink(entry.path(), error).string();
    if (error || !target.ends_with("ptmx")) continue;
    const int number = std::atoi(entry.path().filename().c_str());
    const Fd master(static_cast<int>(::syscall(SYS_pidfd_getfd, process->get(), number, 0U)));
    if (master) ::ioctl(master.get(), TIOCSWINSZ, &size);
  }
}

/// Until it is cancelled. crun 1.8 tells the program of an exec that its terminal has another size, but leaves the size
/// as it was; runc does this itself, and once more does no harm.
Task<void> follow_terminal_size(asio::signal_set& changed, pid_t runtime) {
  for (;;) {
    co_await changed.async_wait(asio::use_awaitable);
    try {
      copy_terminal_size(runtime);
    } catch (const std::exception&) {
      // No reason to end the program: it has a terminal of the wrong size.
    }
  }
}

/// With cancellation turned off.
Task<void> end_quietly(TaskGroup& group) {
  group.cancel();
  try {
    co_await group.join();
  } catch (const boost::system::system_error&) {
    // Cancelled, as asked.
  }
}

Task<int> run(ExecPlan plan, std::vector<std::string> args, Streams streams, WhenCancelled then) {
  const std::string keeper = "/proc/" + std::to_string(plan.keeper_pid);
  const std::string path = keeper + "/ns/mnt";
  const Fd mounts(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!mounts) throw_system_error("open", path, errno);
  std::vector<char*> argv;
  for (auto& arg : plan.argv) argv.push_back(arg.data());
  argv.push_back(nullptr);
  TaskGroup beside(co_await asio::this_coro::executor);
  asio::signal_set size_changed(co_await asio::this_coro::executor);
  if (streams.in < 0) size_changed.add(SIGWINCH);  // before the runtime looks at the size
  const pid_t pid = ::fork();
  if (pid < 0) throw_system_error("start", plan.argv.front(), errno);
  if (pid == 0) become(mounts.get(), argv.data(), streams);
  if (streams.in < 0) beside.spawn(follow_terminal_size(size_changed, pid));
  const std::string root = keeper + "/root";
  std::exception_ptr failure;
  Task<void> ending = until_ended(pid, root + plan.pid_file, plan.cgroup, then, failure);
  co_await std::move(ending);
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  co_await end_quietly(beside);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  // They are where only the keeper's mounts show them.
  const auto messages = DiskFiles().read(root + plan.log_file);
  const bool started = ::access((root + plan.pid_file).c_str(), F_OK) == 0;
  for (const std::string& file : {plan.process_file, plan.log_file, plan.pid_file}) ::unlink((root + file).c_str());
  if (failure) std::rethrow_exception(failure);
  if (status != 0 && !started && messages && !messages->empty()) throw container::start_error(*messages, args);
  co_return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/// One stream of a program: a pipe that is read while it runs.
class Captured {
 public:
  Captured(const asio::any_io_executor& executor, engine::ProgramStream stream, const engine::ProgramOutput& output)
      : stream_(stream), output_(output), reading_(executor) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw_system_error("make", "a pipe", errno);
    writing_ = Fd(ends[1]);
    reading_.assign(ends[0]);
    reading_.non_blocking(true);
  }

  [[nodiscard]] int writing() const { return writing_.get(); }
  /// Gives what is there, up to a limit: somebody may write without end. True at the end of the pipe.
  bool drain() {
    constexpr int kReads = 256;
    std::array<char, 4096> buffer{};
    for (int i = 0; i < kReads; ++i) {
      boost::system::error_code error;
      const std::size_t got = reading_.read_some(asio::buffer(buffer), error);
      if (got > 0) output_(stream_, {buffer.data(), got});
      if (error) return error != asio::error::would_block && error != asio::error::try_again;
    }
    return false;
  }

  /// Ends at the end of the pipe, or when it is cancelled: a child that the program left may keep the pipe open.
  Task<void> follow() {
    while (!drain()) co_await reading_.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
  }

 private:
  engine::ProgramStream stream_;
  const engine::ProgramOutput& output_;
  asio::posix::stream_descriptor reading_;
  Fd writing_;
};

Task<int> capture(ExecPlan plan, std::vector<std::string> args, engine::ProgramOutput output) {
  const auto executor = co_await asio::this_coro::executor;
  Captured out(executor, engine::ProgramStream::Out, output);
  Captured err(executor, engine::ProgramStream::Error, output);
  const Fd nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!nothing) throw_system_error("open", "/dev/null", errno);
  TaskGroup reading(executor);
  reading.spawn(out.follow());
  reading.spawn(err.follow());
  const Streams streams{nothing.get(), out.writing(), err.writing()};
  Task<int> running = run_apart(run(std::move(plan), std::move(args), streams, WhenCancelled::Kill));
  int code = 0;
  std::exception_ptr failure;
  try {
    code = co_await std::move(running);
  } catch (...) {
    failure = std::current_exception();
  }
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  co_await end_quietly(reading);
  (void)out.drain();
  (void)err.drain();
  if (failure) std::rethrow_exception(failure);
  co_return code;
}

}  // namespace

// Both apart: their ends turn cancellation off.
Task<int> run_in_keeper(ExecPlan plan, std::vector<std::string> args) {
  return run_apart(run(std::move(plan), std::move(args), {}, WhenCancelled::AskToEnd));
}

Task<int> run_captured(ExecPlan plan, std::vector<std::string> args, engine::ProgramOutput output) {
  return run_apart(capture(std::move(plan), std::move(args), std::move(output)));
}

}  // namespace davit::embedded
