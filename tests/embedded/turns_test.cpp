#include "embedded/turns.hpp"

#include <gtest/gtest.h>

#include "davit/base/error.hpp"
#include "embedded/kept_turns.hpp"
#include "embedded/memory_file.hpp"

namespace davit::embedded {
namespace {

using Kind = Turns::Kind;
using State = Turns::State;
using Answer = Turns::Permit::Answer;

std::vector<std::string> ids(const Turns& turns) {
  std::vector<std::string> out;
  for (const auto& place : turns.line()) out.push_back(place.id);
  return out;
}

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
  EXPECT_EQ(turns.act_begins("a").answer, Answer::Granted);
  turns.join("d", Kind::Lower, "davit down");
  EXPECT_EQ(turns.act_begins("a").forbidden_by, "davit down");
  EXPECT_EQ(turns.state("d"), State::InLine) << "one act is under way";
  turns.act_ended("a");
  EXPECT_EQ(turns.state("d"), State::Holding);
}

TEST(Turns, AnotherCommandThatRaisesIsTold) {
  Turns turns;
  turns.join("up", Turns::Kind::Raise, "davit up");
  EXPECT_FALSE(turns.is_raised_by_another("up"));
  EXPECT_TRUE(turns.is_raised_by_another("down"));
  turns.join("down", Turns::Kind::Lower, "davit down");
  EXPECT_FALSE(turns.is_raised_by_another("down")) << "it gives way";
  turns.join("next", Turns::Kind::Raise, "davit up");
  EXPECT_TRUE(turns.is_raised_by_another("down"));
  turns.leave("next");
  EXPECT_FALSE(turns.is_raised_by_another("down"));
}

TEST(Turns, AnActOutlivesItsCommand) {
  Turns turns;
  turns.join("a", Kind::Raise, "davit up");
  EXPECT_EQ(turns.act_begins("a").answer, Answer::Granted);
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
  EXPECT_EQ(turns.act_begins("").answer, Answer::Granted);
  turns.join("a", Kind::Raise, "davit up");
  EXPECT_EQ(turns.state("a"), State::Holding) << "an 'up' does not mind them";
  turns.join("d", Kind::Lower, "davit down");
  EXPECT_EQ(turns.act_begins("").forbidden_by, "davit down");
  EXPECT_EQ(turns.state("d"), State::InLine);
  turns.act_ended("");
  EXPECT_EQ(turns.state("d"), State::Holding);
  turns.leave("d");
  EXPECT_EQ(turns.act_begins("").answer, Answer::Granted);
}

TEST(Turns, OnlyWhoseTurnItIsChangesAnything) {
  Turns turns;
  turns.join("a", Kind::Raise, "davit up");
  turns.join("b", Kind::Raise, "davit up");
  EXPECT_EQ(turns.act_begins("b").answer, Answer::Lost) << "it waits, or should";
  EXPECT_EQ(turns.act_begins("x").answer, Answer::Lost) << "of a line before this one";
  turns.leave("a");
  EXPECT_EQ(turns.act_begins("a").answer, Answer::Lost) << "asked for before its end, heard after it";
  EXPECT_EQ(turns.act_begins("b").answer, Answer::Granted);
}

TEST(Turns, NothingStaysOfALoweredCommandThatIsGone) {
  Turns turns;
  turns.join("a", Kind::Raise, "davit up");
  turns.join("b", Kind::Raise, "davit up");
  EXPECT_EQ(turns.act_begins("a").answer, Answer::Granted);
  turns.join("d", Kind::Lower, "davit down");
  turns.leave("b");
  EXPECT_EQ(ids(turns), (std::vector<std::string>{"a", "d"}));
  turns.leave("a");
  EXPECT_EQ(turns.state("d"), State::InLine) << "an act of it is under way";
  turns.act_ended("a");
  EXPECT_EQ(turns.state("d"), State::Holding);
  turns.leave("d");
  EXPECT_TRUE(turns.line().empty());
  EXPECT_EQ(turns.lowered_by("a"), "") << "forgotten";
}

TEST(Turns, AnotherLineGoesOnWhereTheFirstWasCutOff) {
  Turns first;
  first.join("a", Kind::Raise, "davit up");
  EXPECT_EQ(first.act_begins("a").answer, Answer::Granted);
  first.join("gone", Kind::Raise, "davit up");
  first.join("d", Kind::Lower, "davit down");
  first.join("b", Kind::Raise, "davit up -d");
  first.leave("gone");
  Turns next(first.line());
  EXPECT_EQ(next.line(), first.line());
  EXPECT_EQ(next.state("a"), State::GivesWay);
  EXPECT_EQ(next.lowered_by("a"), "davit down");
  EXPECT_EQ(next.state("d"), State::Holding) << "no act is under way any more";
  EXPECT_EQ(next.state("b"), State::InLine);
  EXPECT_EQ(next.ahead_of("b"), "davit down");
}

TEST(KeptTurns, ALineComesBackFromItsText) {
  const std::vector<Turns::Place> line{{"a", Kind::Raise, "davit -p \"x\" up", "davit down"},
                                       {"d", Kind::Lower, "davit down", ""}};
  EXPECT_EQ(line_from_json(line_to_json(line)), line);
  EXPECT_TRUE(line_from_json(line_to_json({})).empty());
  EXPECT_THROW((void)line_from_json("[{}]"), Error);
}

TEST(KeptTurns, OnlyCommandsWithAConnectionAreTakenUp) {
  std::map<std::string, Fd> held;
  held["turns"] = memory_file("turns", line_to_json({{"a", Kind::Raise, "davit up", ""}, {"b", Kind::Raise, "", ""}}));
  held["t/b"] = memory_file("stands for a socket", "");
  held["c/x/out"] = memory_file("of another", "");
  const KeptTurns::Recovered recovered = KeptTurns::take(held);
  ASSERT_EQ(recovered.line.size(), 1U);
  EXPECT_EQ(recovered.line.front().id, "b");
  EXPECT_EQ(recovered.connections.size(), 1U);
  EXPECT_EQ(held.size(), 1U) << "what is not of the line stays";
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
