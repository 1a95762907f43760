#include "embedded/turns.hpp"

#include <gtest/gtest.h>

namespace davit::embedded {
namespace {

using Kind = Turns::Kind;
using State = Turns::State;

TEST(Turns, TheFirstHasItsTurnAtOnce) {
  Turns turns;
  turns.join("a", Kind::Raise, "davit up");
  EXPECT_EQ(turns.state("a"), State::Holding);
  turns.leave("a");
  EXPECT_EQ(turns.state("a"), State::Unknown);
}

TEST(Turns, ASecondUpWaitsForTheFirst) {
  Turns turns;
  turns.join("a", Kind::Raise, "davit up");
  turns.join("b", Kind::Raise, "davit up");
  EXPECT_EQ(turns.state("b"), State::InLine);
  EXPECT_EQ(turns.ahead_of("b"), "davit up");
  turns.leave("a");
  EXPECT_EQ(turns.state("b"), State::Holding);
  EXPECT_EQ(turns.ahead_of("b"), "");
}

TEST(Turns, ADownMakesEveryUpBeforeItGiveWay) {
  Turns turns;
  turns.join("a", Kind::Raise, "davit up");
  turns.join("b", Kind::Raise, "davit up");
  turns.join("d", Kind::Lower, "davit down");
  turns.join("c", Kind::Raise, "davit up");
  EXPECT_EQ(turns.state("a"), State::GivesWay);
  EXPECT_EQ(turns.state("b"), State::GivesWay);
  EXPECT_EQ(turns.lowered_by("b"), "davit down");
  EXPECT_EQ(turns.state("d"), State::Holding) << "it does not wait for their end";
  EXPECT_EQ(turns.state("c"), State::InLine) << "what comes after the down is raised after it";
  turns.leave("d");
  EXPECT_EQ(turns.state("c"), State::Holding) << "though the others have not left yet";
}

TEST(Turns, WhatGivesWayChangesNothingMore) {
  Turns turns;
  turns.join("a", Kind::Raise, "davit up");
  EXPECT_EQ(turns.act_begins("a").forbidden_by, "");
  turns.join("d", Kind::Lower, "davit down");
  EXPECT_EQ(turns.act_begins("a").forbidden_by, "davit down");
  EXPECT_EQ(turns.state("d"), State::InLine) << "one act is under way";
  turns.act_ended("a");
  EXPECT_EQ(turns.state("d"), State::Holding);
}

TEST(Turns, AnActOutlivesItsCommand) {
  Turns turns;
  turns.join("a", Kind::Raise, "davit up");
  EXPECT_EQ(turns.act_begins("a").forbidden_by, "");
  turns.leave("a");
  turns.join("b", Kind::Raise, "davit up");
  EXPECT_EQ(turns.state("b"), State::InLine);
  turns.act_ended("a");
  EXPECT_EQ(turns.state("b"), State::Holding);
}

TEST(Turns, ADownWaitsForTheDownBeforeIt) {
  Turns turns;
  turns.join("d", Kind::Lower, "davit down");
  turns.join("e", Kind::Lower, "davit down -v");
  EXPECT_EQ(turns.state("d"), State::Holding);
  EXPECT_EQ(turns.state("e"), State::InLine);
}

TEST(Turns, CommandsWithoutATurnAreKeptOutWhileTheProjectIsLowered) {
  Turns turns;
  EXPECT_EQ(turns.act_begins("").forbidden_by, "");
  turns.join("a", Kind::Raise, "davit up");
  EXPECT_EQ(turns.state("a"), State::Holding) << "an 'up' does not mind them";
  turns.join("d", Kind::Lower, "davit down");
  EXPECT_EQ(turns.act_begins("").forbidden_by, "davit down");
  EXPECT_EQ(turns.state("d"), State::InLine);
  turns.act_ended("");
  EXPECT_EQ(turns.state("d"), State::Holding);
  turns.leave("d");
  EXPECT_EQ(turns.act_begins("").forbidden_by, "");
}

TEST(Turns, JoiningTwiceIsJoiningOnce) {
  Turns turns;
  turns.join("a", Kind::Raise, "davit up");
  turns.join("b", Kind::Raise, "davit up");
  turns.join("a", Kind::Raise, "davit up");
  EXPECT_EQ(turns.state("a"), State::Holding);
}

}  // namespace
}  // namespace davit::embedded
