#include "cli/signal_relay.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace davit::cli {
namespace {

using Act = SignalRelay::Act;
using process::Reaction;

TEST(SignalRelay, TheFirstSignalIsThePrograms) {
  SignalRelay relay;
  EXPECT_EQ(relay.on(SIGINT, Reaction::Handles), Act::Pass);
  EXPECT_FALSE(relay.has_forced());
}

TEST(SignalRelay, TheSecondKills) {
  SignalRelay relay;
  EXPECT_EQ(relay.on(SIGINT, Reaction::Handles), Act::Pass);
  EXPECT_EQ(relay.on(SIGTERM, Reaction::Handles), Act::Kill);
  EXPECT_TRUE(relay.has_forced());
}

TEST(SignalRelay, WhatWouldBeLostStops) {
  SignalRelay relay;
  EXPECT_EQ(relay.on(SIGINT, Reaction::Drops), Act::Stop);
  EXPECT_TRUE(relay.has_forced());
  EXPECT_EQ(relay.on(SIGINT, Reaction::Drops), Act::Kill);
}

TEST(SignalRelay, SignalsThatTellSomethingArePassedOnAsOftenAsTheyCome) {
  SignalRelay relay;
  for (const int signal : {SIGUSR1, SIGUSR2, SIGUSR1}) EXPECT_EQ(relay.on(signal, Reaction::Drops), Act::Pass);
  EXPECT_EQ(relay.on(SIGHUP, Reaction::Handles), Act::Pass);
  EXPECT_EQ(relay.on(SIGUSR1, Reaction::Handles), Act::Pass);
  EXPECT_EQ(relay.on(SIGQUIT, Reaction::Handles), Act::Kill);
}

}  // namespace
}  // namespace davit::cli
