#include "davit/process/signals.hpp"

#include <gtest/gtest.h>
#include <signal.h>

namespace davit::process {
namespace {

TEST(Signals, NamesAreReadInEveryForm) {
  EXPECT_EQ(parse_signal("SIGTERM"), SIGTERM);
  EXPECT_EQ(parse_signal("term"), SIGTERM);
  EXPECT_EQ(parse_signal("15"), SIGTERM);
  EXPECT_EQ(parse_signal("SIGCLD"), SIGCHLD);
  EXPECT_EQ(parse_signal("SIGRTMIN+3"), SIGRTMIN + 3);
  EXPECT_EQ(parse_signal("RTMAX-1"), SIGRTMAX - 1);
  EXPECT_EQ(parse_signal("SIGWINCH"), SIGWINCH);
}

TEST(Signals, OtherNamesAreRefused) {
  for (const char* name : {"", "SIG", "SIGNONE", "0", "65", "-1", "RTMIN+99", "RTMAX-99", "15x"})
    EXPECT_EQ(parse_signal(name), std::nullopt) << name;
}

TEST(Signals, NamesComeBack) {
  for (int signal = 1; signal <= SIGRTMAX; ++signal) {
    if (signal > 31 && signal < SIGRTMIN) continue;  // the C library's own
    EXPECT_EQ(parse_signal(signal_name(signal)), signal);
  }
  EXPECT_EQ(signal_name(99), "signal 99");
}

TEST(Signals, ReceivableSignalsAreTheCaughtAndTheBlocked) {
  EXPECT_EQ(receivable_signals("Name:\tx\nSigBlk:\t0000000000010000\nSigIgn:\t0000000000001000\n"
                               "SigCgt:\t0000000000004002\nCapInh:\t0\n"),
            0x14002U);
  EXPECT_EQ(receivable_signals("Name:\tx\nSigBlk:\t0\n"), std::nullopt);
  EXPECT_EQ(receivable_signals("a\nSigBlk:\t0\nSigCgt:\tzz\n"), std::nullopt);
}

void ignore_it(int) {}

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
