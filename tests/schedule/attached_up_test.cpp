#include "davit/schedule/attached_up.hpp"

#include <gmock/gmock.h>

namespace davit::schedule {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Up = AttachedUp;
using Action = Up::Action;

Up make(Up::Abort abort, std::string exit_code_from = "") {
  return Up({.abort = abort, .exit_code_from = std::move(exit_code_from), .watched = {{"p-a-1", "a"}, {"p-b-1", "b"}}});
}

Up::ContainerExited exit_of(const std::string& service, int code, Up::Restarting restarting = Up::Restarting::No) {
  return {"p-" + service + "-1", service, code, restarting};
}

const Action kAborting = Up::Say{"Aborting on container exit..."};
const Action kGraceful = Up::Say{"Gracefully Stopping... press Ctrl+C again to force"};

TEST(AttachedUp, EndsWithZeroWhenEveryContainerHasEnded) {
  Up up = make(Up::Abort::No);
  EXPECT_THAT(up.resume(exit_of("a", 3)), IsEmpty());
  EXPECT_THAT(up.resume(exit_of("b", 0)), ElementsAre(Action(Up::Finish{0})));
}

TEST(AttachedUp, AContainerStartedAgainCountsAsAlive) {
  Up up = make(Up::Abort::No);
  (void)up.resume(exit_of("a", 0));
  (void)up.resume(Up::ContainerStarted{"p-a-1", "a"});
  EXPECT_THAT(up.resume(exit_of("b", 0)), IsEmpty());
  EXPECT_THAT(up.resume(exit_of("a", 0)), ElementsAre(Action(Up::Finish{0})));
}

TEST(AttachedUp, ARestartingContainerHasNotEnded) {
  Up up = make(Up::Abort::OnExit);
  EXPECT_THAT(up.resume(exit_of("a", 1, Up::Restarting::Yes)), IsEmpty());
}

TEST(AttachedUp, UnwatchedContainersDoNotCount) {
  Up up = make(Up::Abort::OnExit);
  EXPECT_THAT(up.resume(exit_of("other", 1)), IsEmpty());
}

TEST(AttachedUp, AbortOnExitStopsTheRestAndPassesTheFirstCode) {
  Up up = make(Up::Abort::OnExit);
  EXPECT_THAT(up.resume(exit_of("a", 7)), ElementsAre(kAborting, Action(Up::StopAll{})));
  EXPECT_THAT(up.resume(exit_of("b", 143)), IsEmpty());
  EXPECT_THAT(up.resume(Up::StopEnded{}), ElementsAre(Action(Up::Finish{7})));
}

TEST(AttachedUp, AbortOnFailureIgnoresCleanExits) {
  Up up = make(Up::Abort::OnFailure);
  EXPECT_THAT(up.resume(exit_of("a", 0)), IsEmpty());
  EXPECT_THAT(up.resume(exit_of("b", 111)), ElementsAre(kAborting, Action(Up::StopAll{})));
  EXPECT_THAT(up.resume(Up::StopEnded{}), ElementsAre(Action(Up::Finish{111})));
}

TEST(AttachedUp, ExitCodeFromIsThatOfTheServiceAlsoWhenTheAbortStoppedIt) {
  Up up = make(Up::Abort::OnExit, "b");
  (void)up.resume(exit_of("a", 0));
  (void)up.resume(exit_of("b", 143));
  EXPECT_THAT(up.resume(Up::StopEnded{}), ElementsAre(Action(Up::Finish{143})));
}

TEST(AttachedUp, FirstSignalStopsSecondKillsThirdIsIgnored) {
  Up up = make(Up::Abort::No);
  EXPECT_THAT(up.resume(Up::Signal{}), ElementsAre(kGraceful, Action(Up::StopAll{})));
  EXPECT_THAT(up.resume(Up::Signal{}), ElementsAre(Action(Up::KillAll{})));
  EXPECT_THAT(up.resume(Up::Signal{}), IsEmpty());
  EXPECT_THAT(up.resume(exit_of("a", 137)), IsEmpty());
  EXPECT_THAT(up.resume(Up::StopEnded{}), ElementsAre(Action(Up::Finish{130})));
}

TEST(AttachedUp, NobodyLeftIsTheEndUnlessSomethingIsBeingStopped) {
  Up up = make(Up::Abort::No);
  EXPECT_THAT(up.resume(Up::NobodyLeft{}), ElementsAre(Action(Up::Finish{0})));
  Up stopping = make(Up::Abort::No);
  (void)stopping.resume(Up::Signal{});
  EXPECT_THAT(stopping.resume(Up::NobodyLeft{}), IsEmpty());
}

TEST(AttachedUp, ASignalDuringTheAbortKills) {
  Up up = make(Up::Abort::OnExit);
  (void)up.resume(exit_of("a", 1));
  EXPECT_THAT(up.resume(Up::Signal{}), ElementsAre(Action(Up::KillAll{})));
  EXPECT_THAT(up.resume(Up::StopEnded{}), ElementsAre(Action(Up::Finish{130})));
}

}  // namespace
}  // namespace davit::schedule
