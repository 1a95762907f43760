#include "davit/process/run.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <cerrno>
#include <filesystem>
#include <type_traits>

// Boost.Process 1.81 forgets to include these when it is told to use std::filesystem.
#include <boost/optional/optional.hpp>
#include <boost/process/v2/process.hpp>
#include <boost/type_traits/decay.hpp>

#include "davit/async/run_apart.hpp"
#include "davit/async/task_group.hpp"
#include "davit/base/error.hpp"
#include "davit/base/fd.hpp"
#include "process/launch.hpp"

// Boost.Process owns and awaits the program; starting it is ours (launch.cpp): the launchers of 1.81 run exit handlers
// in the child when exec fails, and pass on davit's ignored and blocked signals.

extern char** environ;

namespace davit::process {
namespace {

namespace bp = boost::process::v2;
using Program = bp::basic_process<asio::any_io_executor>;

constexpr std::size_t kLargestPipe = std::size_t{1} << 20U;  // default of /proc/sys/fs/pipe-max-size

/// Reads one stream of the program into a string.
class CapturedStream {
 public:
  CapturedStream(const asio::any_io_executor& executor, Fd read_end, std::size_t limit)
      : descriptor_(executor, read_end.release()), limit_(limit) {}

  Task<void> read_to_end() {
    while (!finishing_) {
      boost::system::error_code error;
      const std::size_t got =
          co_await descriptor_.async_read_some(asio::buffer(buffer_), asio::redirect_error(asio::use_awaitable, error));
      keep(got);
      if (error) break;
    }
    if (finishing_) drain();
  }

  /// The program has ended: take what is in the pipe and stop, whoever else holds the other end.
  void finish() {
    finishing_ = true;
    descriptor_.cancel();
  }

  std::string text;
  bool truncated = false;

 private:
  void keep(std::size_t count) {
    const std::size_t room = limit_ - text.size();
    text.append(buffer_.data(), std::min(count, room));
    truncated = truncated || count > room;
  }

  void drain() {
    descriptor_.native_non_blocking(true);
    for (std::size_t total = 0; total < kLargestPipe;) {
      const ssize_t got = ::read(descriptor_.native_handle(), buffer_.data(), buffer_.size());
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return;
      keep(static_cast<std::size_t>(got));
      total += static_cast<std::size_t>(got);
    }
  }

  asio::posix::stream_descriptor descriptor_;
  std::size_t limit_;
  bool finishing_ = false;
  std::array<char, 16384> buffer_{};
};

/// Descriptors of the three streams until the program has them.
struct Streams {
  std::vector<Fd> ours;  ///< closed after the start
  std::vector<std::pair<int, int>> fds;
  std::optional<CapturedStream> out;
  std::optional<CapturedStream> err;
};

Fd open_null(int flags) {
  Fd fd(::open("/dev/null", flags | O_CLOEXEC));
  if (!fd) throw_system_error("open", "/dev/null", errno);
  return fd;
}

void add_null(Streams& streams, int target, int flags) {
  streams.ours.push_back(open_null(flags));
  streams.fds.emplace_back(streams.ours.back().get(), target);
}

void add_output(Streams& streams, const Output& output, int target, std::optional<CapturedStream>& captured,
                const asio::any_io_executor& executor, std::size_t limit) {
  if (const auto* use = std::get_if<UseFd>(&output)) {
    streams.fds.emplace_back(use->fd, target);
  } else if (std::holds_alternative<Inherit>(output)) {
    streams.fds.emplace_back(target, target);
  } else if (std::holds_alternative<SameAsOut>(output)) {
    if (target != STDERR_FILENO) throw Error("only stderr can go where stdout goes");
    streams.fds.emplace_back(streams.fds.back().first, target);
  } else if (std::holds_alternative<DevNull>(output)) {
    add_null(streams, target, O_WRONLY);
  } else {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw_system_error("make", "a pipe", errno);
    streams.ours.emplace_back(ends[1]);
    streams.fds.emplace_back(ends[1], target);
    captured.emplace(executor, Fd(ends[0]), limit);
  }
}

void connect(Streams& streams, const Command& command, const asio::any_io_executor& executor) {
  if (const auto* use = std::get_if<UseFd>(&command.in))
    streams.fds.emplace_back(use->fd, STDIN_FILENO);
  else if (std::holds_alternative<Inherit>(command.in))
    streams.fds.emplace_back(STDIN_FILENO, STDIN_FILENO);
  else
    add_null(streams, STDIN_FILENO, O_RDONLY);
  add_output(streams, command.out, STDOUT_FILENO, streams.out, executor, command.capture_limit);
  add_output(streams, command.err, STDERR_FILENO, streams.err, executor, command.capture_limit);
  for (const PassedFd& passed : command.pass) streams.fds.emplace_back(passed.ours, passed.theirs);
}

pid_t start(const Command& command, const std::vector<std::pair<int, int>>& fds) {
  if (command.argv.empty() || command.argv.front().empty()) throw Error("cannot run a program without a name");
  LaunchPlan plan{.path = command.argv.front(), .argv = command.argv, .env = {}, .cwd = command.cwd, .fds = fds};
  if (plan.path.find('/') == std::string::npos) {
    const auto found = find_program(plan.path);
    if (!found) throw Error("cannot run '" + plan.path + "': not found in PATH").exit_code(127);
    plan.path = *found;
  }
  if (command.env)
    plan.env = *command.env;
  else
    for (char** entry = environ; *entry != nullptr; ++entry) plan.env.emplace_back(*entry);
  return launch(plan);
}

/// A program that cannot be watched (no descriptor for it) is ended: nobody would wait for it.
Program hold(const asio::any_io_executor& executor, pid_t pid, const std::string& name) {
  try {
    return Program(executor, pid);
  } catch (const std::exception& error) {
    ::kill(pid, SIGKILL);
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    throw Error("cannot watch '" + name + "': " + error.what());
  }
}

Task<void> wait_for(Program& program) {
  boost::system::error_code error;
  co_await program.async_wait(asio::redirect_error(asio::use_awaitable, error));
  if (error) throw boost::system::system_error(error);
}

/// Asks, then forces. The caller has disabled cancellation.
Task<void> end_program(Timers& timers, Program& program, pid_t pid, std::chrono::milliseconds grace) {
  // The program is our child and not reaped yet, so its id cannot belong to another process.
  ::kill(pid, SIGTERM);
  Task<void> waiting = wait_for(program);
  const TimedOut late = co_await with_timeout(timers, grace, std::move(waiting));
  if (late == TimedOut::No) co_return;
  ::kill(pid, SIGKILL);
  co_await wait_for(program);
}

void set_status(Exit& exit, int status) {
  exit.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  exit.code = WIFSIGNALED(status) ? 128 + exit.signal : WEXITSTATUS(status);
}

void take(std::optional<CapturedStream>& stream, std::string& text, Exit& exit) {
  if (!stream) return;
  text = std::move(stream->text);
  exit.truncated = exit.truncated || stream->truncated;
}

Task<Exit> run_to_end(Timers& timers, Command command) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  Streams streams;
  connect(streams, command, executor);
  const pid_t pid = start(command, streams.fds);
  streams.ours.clear();
  Program program = hold(executor, pid, command.argv.front());
  TaskGroup readers(executor);
  if (streams.out) readers.spawn(streams.out->read_to_end());
  if (streams.err) readers.spawn(streams.err->read_to_end());

  Exit exit;
  std::exception_ptr interrupted;
  try {
    Task<void> waiting = wait_for(program);
    if (command.timeout)
      exit.timed_out = co_await with_timeout(timers, *command.timeout, std::move(waiting)) == TimedOut::Yes;
    else
      co_await std::move(waiting);
  } catch (...) {
    interrupted = std::current_exception();
  }
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  if (interrupted || exit.timed_out) co_await end_program(timers, program, pid, command.kill_grace);
  if (streams.out) streams.out->finish();
  if (streams.err) streams.err->finish();
  co_await readers.join();
  if (interrupted) std::rethrow_exception(interrupted);
  set_status(exit, program.native_exit_code());
  take(streams.out, exit.out, exit);
  take(streams.err, exit.err, exit);
  co_return exit;
}

}  // namespace

Task<Exit> run(Timers& timers, Command command) {
  return run_apart(run_to_end(timers, std::move(command)));  // its end turns cancellation off
}

}  // namespace davit::process
