#include "davit/process/pidfd.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "support/patience.hpp"

namespace davit::process {
namespace {

using namespace std::chrono_literals;

/// A child that does nothing.
pid_t idle_child() {
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  for (;;) ::pause();
}

TEST(EndAll, KillsEachAndWaitsForIt) {
  std::vector<PidFd> processes;
  const std::vector<pid_t> children{idle_child(), idle_child()};
  for (const pid_t pid : children) processes.push_back(PidFd::open(pid).value());
  asio::io_context loop;
  SteadyTimers timers;
  std::optional<TimedOut> timed_out;
  asio::co_spawn(loop, end_all(timers, processes, davit::test::patient(20s)),
                 [&](const std::exception_ptr&, TimedOut result) { timed_out = result; });
  loop.run();
  EXPECT_EQ(timed_out, TimedOut::No);
  for (const PidFd& process : processes) EXPECT_TRUE(process.has_ended());
  for (const pid_t pid : children) {
    int status = 0;
    EXPECT_EQ(::waitpid(pid, &status, 0), pid);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  }
}

}  // namespace
}  // namespace davit::process
