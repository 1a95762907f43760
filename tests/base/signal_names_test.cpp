#include "davit/base/signal_names.hpp"

#include <gtest/gtest.h>
#include <signal.h>

namespace davit {
namespace {

TEST(SignalNames, NamesAreReadInEveryForm) {
  EXPECT_EQ(parse_signal("SIGTERM"), SIGTERM);
  EXPECT_EQ(parse_signal("term"), SIGTERM);
  EXPECT_EQ(parse_signal("15"), SIGTERM);
  EXPECT_EQ(parse_signal("SIGCLD"), SIGCHLD);
  EXPECT_EQ(parse_signal("SIGRTMIN+3"), SIGRTMIN + 3);
  EXPECT_EQ(parse_signal("RTMAX-1"), SIGRTMAX - 1);
  EXPECT_EQ(parse_signal("SIGWINCH"), SIGWINCH);
}

TEST(SignalNames, OtherNamesAreRefused) {
  for (const char* name : {"", "SIG", "SIGNONE", "0", "65", "-1", "RTMIN+99", "RTMAX-99", "15x"})
    EXPECT_EQ(parse_signal(name), std::nullopt) << name;
}

TEST(SignalNames, NamesComeBack) {
  for (int signal = 1; signal <= SIGRTMAX; ++signal) {
    if (signal > 31 && signal < SIGRTMIN) continue;  // the C library's own
    EXPECT_EQ(parse_signal(signal_name(signal)), signal);
  }
  EXPECT_EQ(signal_name(99), "signal 99");
}

}  // namespace
}  // namespace davit
