#include "davit/process/run.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "davit/base/error.hpp"
#include "davit/base/fd.hpp"
#include "davit/process/descriptors.hpp"
#include "davit/process/pidfd.hpp"
#include "support/manual_timers.hpp"

namespace davit::process {
namespace {

using namespace std::chrono_literals;

class RunTest : public ::testing::Test {
 protected:
  asio::io_context context_;
  SteadyTimers timers_;
  asio::cancellation_signal cancel_;
  std::exception_ptr error_;
  Exit exit_;

  static Task<void> store(Timers& timers, Command command, Exit& exit) {
    exit = co_await run(timers, std::move(command));
  }

  void start(Command command) {
    auto done = [this](const std::exception_ptr& e) { error_ = e; };
    asio::co_spawn(context_, store(timers_, std::move(command), exit_),
                   asio::bind_cancellation_slot(cancel_.slot(), done));
  }

  Exit run_now(Command command) {
    start(std::move(command));
    context_.run();
    if (error_) std::rethrow_exception(error_);
    return exit_;
  }

  static Command shell(std::string text) { return Command{.argv = {"sh", "-c", std::move(text)}}; }
};

std::array<Fd, 2> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw_system_error("make", "a pipe", errno);
  return {Fd(ends[0]), Fd(ends[1])};
}

TEST_F(RunTest, LeavesItsCallerCancellable) {
  bool ran = false;
  // A named function object: it outlives the coroutine.
  const auto run_and_sleep = [](Timers& timers, Command command, bool& done) -> Task<void> {
    co_await run(timers, std::move(command));
    done = true;
    co_await timers.sleep_for(1h);
  };
  auto done = [this](const std::exception_ptr& e) { error_ = e; };
  asio::co_spawn(context_, run_and_sleep(timers_, Command{.argv = {"true"}}, ran),
                 asio::bind_cancellation_slot(cancel_.slot(), done));
  while (!ran) context_.run_one();
  cancel_.emit(asio::cancellation_type::terminal);
  context_.run();
  ASSERT_TRUE(error_);
  EXPECT_THROW(std::rethrow_exception(error_), boost::system::system_error);
}

TEST_F(RunTest, GivesOutputAndStatus) {
  const Exit exit = run_now(shell("echo out; echo err >&2; exit 3"));
  EXPECT_EQ(exit.out, "out\n");
  EXPECT_EQ(exit.err, "err\n");
  EXPECT_EQ(exit.code, 3);
  EXPECT_EQ(exit.signal, 0);
}

TEST_F(RunTest, DeathBySignalCountsAsShellsDo) {
  const Exit exit = run_now(shell("kill -KILL $$"));
  EXPECT_EQ(exit.code, 137);
  EXPECT_EQ(exit.signal, SIGKILL);
}

TEST_F(RunTest, OutputOverTheLimitIsReadAndDropped) {
  Command command = shell("head -c 300000 /dev/zero | tr '\\0' x");
  command.capture_limit = 1000;
  const Exit exit = run_now(std::move(command));
  EXPECT_EQ(exit.out, std::string(1000, 'x'));
  EXPECT_TRUE(exit.truncated);
  EXPECT_EQ(exit.code, 0) << "the writer must not see a broken pipe";
}

TEST_F(RunTest, BothStreamsCanBeOne) {
  Command command = shell("echo a; echo b >&2; echo c");
  command.err = SameAsOut{};
  const Exit exit = run_now(std::move(command));
  EXPECT_EQ(exit.out, "a\nb\nc\n");
  EXPECT_EQ(exit.err, "");
}

TEST_F(RunTest, EnvironmentAndFolderAreTheOnesGiven) {
  Command command = shell("echo $A-$HOME-$(pwd)");
  command.env = std::vector<std::string>{"A=1", "PATH=/usr/bin:/bin"};
  command.cwd = "/proc";
  EXPECT_EQ(run_now(std::move(command)).out, "1--/proc\n");
}

TEST_F(RunTest, DescriptorsArePassedUnderTheirNumbersAndNoOthers) {
  auto first = make_pipe();
  auto second = make_pipe();
  // Swapped on purpose: each source number may be the other's target.
  Command command = shell("echo a >&" + std::to_string(second[1].get()) + "; echo b >&" +
                          std::to_string(first[1].get()) + "; ls /proc/self/fd | wc -l");
  command.pass = {{first[1].get(), second[1].get()}, {second[1].get(), first[1].get()}};
  const Exit exit = run_now(std::move(command));
  EXPECT_EQ(exit.out, "6\n") << "three streams, two passed, and the folder that ls reads";
  std::array<char, 8> buffer{};
  ASSERT_EQ(::read(first[0].get(), buffer.data(), buffer.size()), 2);
  EXPECT_EQ(buffer[0], 'a');
}

TEST_F(RunTest, SignalsAreTheDefaultsInTheProgram) {
  struct sigaction before{};
  struct sigaction ignore{};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, &before);
  sigset_t blocked;
  sigset_t mask_before;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &blocked, &mask_before);
  const Exit exit = run_now(Command{.argv = {"grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"}});
  ::sigprocmask(SIG_SETMASK, &mask_before, nullptr);
  ::sigaction(SIGPIPE, &before, nullptr);
  EXPECT_EQ(exit.out, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

int exit_code_of(const std::function<void()>& act, std::string& message) {
  try {
    act();
  } catch (const Error& e) {
    message = e.what();
    return e.exit_code();
  }
  return 0;
}

TEST_F(RunTest, AMissingProgramIs127) {
  std::string message;
  EXPECT_EQ(exit_code_of([this] { run_now(Command{.argv = {"no-such-program"}}); }, message), 127);
  EXPECT_EQ(message, "cannot run 'no-such-program': not found in PATH");
}

TEST_F(RunTest, AProgramThatIsNotExecutableIs126) {
  std::string message;
  EXPECT_EQ(exit_code_of([this] { run_now(Command{.argv = {"/etc/passwd"}}); }, message), 126);
  EXPECT_EQ(message, "cannot run '/etc/passwd': permission denied");
}

TEST_F(RunTest, AMissingFolderIsNamed) {
  std::string message;
  Command command = shell("true");
  command.cwd = "/no/such";
  EXPECT_EQ(exit_code_of([&] { run_now(command); }, message), 125);
  EXPECT_NE(message.find("in folder '/no/such': no such file or directory"), std::string::npos) << message;
}

TEST_F(RunTest, ATimeoutEndsAProgramThatIgnoresSigterm) {
  auto ready = make_pipe();
  test::ManualTimers timers(context_);
  Command command = shell("trap '' TERM; echo started; echo >&9; exec sleep 1000");
  command.pass = {{ready[1].get(), 9}};
  command.timeout = 10s;
  command.kill_grace = 5s;
  asio::co_spawn(context_, store(timers, std::move(command), exit_), [](const std::exception_ptr&) {});
  timers.settle();
  char byte = 0;
  ASSERT_EQ(::read(ready[0].get(), &byte, 1), 1);
  timers.advance(10s);
  EXPECT_EQ(exit_.signal, 0) << "it ignores SIGTERM";
  timers.advance(5s);
  context_.restart();
  context_.run();
  EXPECT_TRUE(exit_.timed_out);
  EXPECT_EQ(exit_.out, "started\n");
  EXPECT_EQ(exit_.signal, SIGKILL);
}

TEST_F(RunTest, CancellationEndsTheProgram) {
  auto alive = make_pipe();
  Command command{.argv = {"sleep", "1000"}};
  command.pass = {{alive[1].get(), 9}};
  start(std::move(command));
  asio::post(context_, [this, &alive] {
    alive[1].reset();
    cancel_.emit(asio::cancellation_type::terminal);
  });
  context_.run();
  EXPECT_THROW(std::rethrow_exception(error_), boost::system::system_error);
  char byte = 0;
  EXPECT_EQ(::read(alive[0].get(), &byte, 1), 0) << "the program is gone, so its end of the pipe is closed";
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "and reaped";
}

TEST_F(RunTest, ACaptureEndsWithTheProgram) {
  Command command = shell("sleep 1000 & echo $!");
  const Exit exit = run_now(std::move(command));
  const pid_t left = std::stoi(exit.out);
  EXPECT_EQ(::kill(left, SIGKILL), 0) << "it still held the pipe";
}

Task<void> await_end(const PidFd& process, bool& ended) {
  co_await process.ended();
  ended = true;
}

TEST_F(RunTest, APidFdSeesTheEnd) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::pause();
    ::_exit(0);
  }
  const auto process = PidFd::open(pid);
  ASSERT_TRUE(process);
  EXPECT_FALSE(process->has_ended());
  bool first = false;
  bool second = false;
  auto done = [](const std::exception_ptr&) {};
  asio::co_spawn(context_, await_end(*process, first), done);
  asio::co_spawn(context_, await_end(*process, second), done);
  context_.poll();
  EXPECT_FALSE(first);
  EXPECT_EQ(process->send(SIGKILL), PidFd::Sent::Yes);
  context_.run();
  EXPECT_TRUE(first && second);
  EXPECT_TRUE(process->has_ended());
  ASSERT_EQ(::waitpid(pid, nullptr, 0), pid);
  EXPECT_EQ(process->send(SIGKILL), PidFd::Sent::NoSuchProcess);
  EXPECT_FALSE(PidFd::open(pid));
}

/// Few descriptors for as long as it lives.
class FewDescriptors {
 public:
  explicit FewDescriptors(rlim_t most) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit few{most, before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &few);
  }
  ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  FewDescriptors(const FewDescriptors&) = delete;
  FewDescriptors& operator=(const FewDescriptors&) = delete;
  [[nodiscard]] rlim_t most() const { return before_.rlim_max; }

 private:
  rlimit before_{};
};

TEST_F(RunTest, NeedsNoHighNumbersOfDescriptors) {
  const Fd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const FewDescriptors few(64);
  Command command{.argv = {"/bin/sh", "-c", "test -e /proc/self/fd/9"}};
  command.pass.push_back({null.get(), 9});
  EXPECT_EQ(run_now(std::move(command)).code, 0);
}

TEST(Descriptors, AllThatMayBeUsedAreUsed) {
  const FewDescriptors few(64);
  use_all_descriptors();
  rlimit now{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &now), 0);
  EXPECT_EQ(now.rlim_cur, few.most());
}

}  // namespace
}  // namespace davit::process
