#include "davit/process/signals.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

namespace davit::process {
namespace {

TEST(Signals, ReceivableSignalsAreTheCaughtAndTheBlocked) {
  EXPECT_EQ(receivable_signals("Name:\tx\nSigBlk:\t0000000000010000\nSigIgn:\t0000000000001000\n"
                               "SigCgt:\t0000000000004002\nCapInh:\t0\n"),
            0x14002U);
  EXPECT_EQ(receivable_signals("Name:\tx\nSigBlk:\t0\n"), std::nullopt);
  EXPECT_EQ(receivable_signals("a\nSigBlk:\t0\nSigCgt:\tzz\n"), std::nullopt);
}

void ignore_it(int) {}

TEST(Signals, OneThatWaitsForSignalsIsToldByItsSystemCall) {
  EXPECT_TRUE(waits_for_signals(std::to_string(SYS_rt_sigtimedwait) + " 0x7ffd 0x0 0x0 0x8 0x0 0x0 0x7ffd 0x7f5d\n"));
  for (const char* other : {"running\n", "-1 0x7ffd 0x7f5d\n", "0 0x3 0x7f 0x20000 0x0 0x0 0x0 0x7ff 0x7f\n", ""})
    EXPECT_FALSE(waits_for_signals(other)) << other;
}

TEST(Signals, AProcessThatWaitsForASignalReactsToIt) {
  int ready[2];
  ASSERT_EQ(::pipe2(ready, O_CLOEXEC), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    sigset_t wanted;
    ::sigemptyset(&wanted);
    ::sigaddset(&wanted, SIGUSR2);
    ::sigprocmask(SIG_BLOCK, &wanted, nullptr);
    const char ok = 1;
    if (::write(ready[1], &ok, 1) != 1) ::_exit(1);
    ::_exit(::sigwaitinfo(&wanted, nullptr) == SIGUSR2 ? 0 : 1);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  // Whether it is on its way there or waits already.
  for (int look = 0; look < 200; ++look) EXPECT_EQ(reaction_of_init(child, SIGUSR2), Reaction::Handles) << look;
  ::kill(child, SIGUSR2);
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST(Signals, AProcessReactsToWhatItHandles) {
  struct sigaction before{};
  struct sigaction action{};
  action.sa_handler = ignore_it;
  ASSERT_EQ(::sigaction(SIGUSR2, &action, &before), 0);
  EXPECT_EQ(reaction_of_init(::getpid(), SIGUSR2), Reaction::Handles);
  ::sigaction(SIGUSR2, &before, nullptr);
  EXPECT_EQ(reaction_of_init(::getpid(), SIGUSR2), Reaction::Drops);
  EXPECT_EQ(reaction_of_init(::getpid(), SIGKILL), Reaction::Handles);
  EXPECT_EQ(reaction_of_init(-1, SIGTERM), Reaction::Gone);
}

}  // namespace
}  // namespace davit::process
