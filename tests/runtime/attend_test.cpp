#include <gmock/gmock.h>

#include "support/fake_interrupts.hpp"
#include "support/runtime_fixture.hpp"

namespace davit::runtime {
namespace {

using namespace std::chrono_literals;
using schedule::AttachedUp;
using ::testing::Contains;
using ::testing::ElementsAre;

class Attend : public test::RuntimeFixture {
 protected:
  test::FakeInterrupts interrupts_{io_};
  std::vector<std::string> said_;
  std::optional<int> code_;

  void attend(AttachOptions options = {}) {
    options.say = [this](const std::string& text) { said_.push_back(text); };
    ended_ = false;
    spawn(runtime::attend(context(), interrupts_, std::move(options)), [this](int code) { code_ = code; });
  }

  void two_services() {
    sample_.add("db");
    sample_.add("web");
    sample_.depends("web", "db");
    up();
    engine_.calls.clear();
  }

  static AttachOptions aborting(AttachedUp::Abort abort, std::string from = "") {
    AttachOptions options;
    options.rules.abort = abort;
    options.rules.exit_code_from = std::move(from);
    return options;
  }
};

TEST_F(Attend, EndsWithZeroWhenAllContainersHaveEnded) {
  two_services();
  attend();
  engine_.end("p-web-1", 3);
  timers_.settle();
  EXPECT_FALSE(ended_);
  engine_.end("p-db-1", 0);
  timers_.settle();
  EXPECT_EQ(code_, 0);
}

TEST_F(Attend, WhatEndedBeforeCounts) {
  two_services();
  engine_.end("p-web-1", 3);
  engine_.end("p-db-1", 0);
  attend();
  EXPECT_EQ(code_, 0);
}

TEST_F(Attend, AbortOnExitStopsTheOthers) {
  two_services();
  attend(aborting(AttachedUp::Abort::OnExit));
  engine_.end("p-web-1", 3);
  timers_.settle();
  EXPECT_EQ(code_, 3);
  EXPECT_THAT(engine_.calls, ElementsAre("stop p-db-1"));
  EXPECT_THAT(said_, ElementsAre("Aborting on container exit..."));
}

TEST_F(Attend, ExitCodeFromAServiceThatTheAbortStops) {
  two_services();
  attend(aborting(AttachedUp::Abort::OnExit, "db"));
  engine_.end("p-web-1", 0);
  timers_.settle();
  EXPECT_EQ(code_, 143);
}

TEST_F(Attend, TheFirstSignalStopsDependantsFirst) {
  two_services();
  attend();
  interrupts_.send();
  timers_.settle();
  EXPECT_THAT(engine_.calls, ElementsAre("stop p-web-1", "stop p-db-1"));
  EXPECT_EQ(code_, 130);
  EXPECT_THAT(said_, ElementsAre("Gracefully Stopping... press Ctrl+C again to force"));
}

/// Its start was cut short by the signal and goes on in the engine, where the stop comes behind it.
TEST_F(Attend, WhatIsBeingStartedIsStoppedToo) {
  two_services();
  engine::ObservedContainer web = *engine_.find("p-web-1");
  web.state = engine::ContainerState::Created;
  engine_.place(std::move(web));
  attend();
  interrupts_.send();
  timers_.settle();
  EXPECT_THAT(engine_.calls, ElementsAre("stop p-web-1", "stop p-db-1"));
  EXPECT_EQ(code_, 130);
}

/// Of a container that has run before, its last end is all that is known while it is started again.
TEST_F(Attend, WhatIsBeingStartedAgainIsStoppedToo) {
  two_services();
  engine_.end("p-web-1", 0);
  engine_.end("p-db-1", 0);
  interrupts_.send();
  attend();
  timers_.settle();
  EXPECT_THAT(engine_.calls, ::testing::UnorderedElementsAre("stop p-web-1", "stop p-db-1"));
  EXPECT_EQ(code_, 130);
}

TEST_F(Attend, TheSecondSignalKillsWhatDoesNotStop) {
  two_services();
  engine_.scripts["web"].ignores_sigterm = true;
  attend();
  interrupts_.send();
  timers_.settle();
  EXPECT_FALSE(ended_);
  interrupts_.send();
  timers_.advance(10s);
  EXPECT_EQ(code_, 130);
  EXPECT_THAT(engine_.calls, Contains("kill p-web-1 SIGKILL"));
}

TEST_F(Attend, OnlySelectedServicesAreStopped) {
  two_services();
  AttachOptions options;
  options.services = {"web"};
  attend(std::move(options));
  interrupts_.send();
  timers_.settle();
  EXPECT_THAT(engine_.calls, ElementsAre("stop p-web-1"));
  EXPECT_EQ(code_, 130);
}

TEST_F(Attend, EndsWhenAnotherCommandHasRemovedWhatItWatches) {
  AttachOptions options;
  options.rules.watched = {{"p-web-1", "web"}};
  attend(std::move(options));
  timers_.settle();
  EXPECT_EQ(code_, 0);
}

TEST_F(Attend, AContainerItsPolicyRestartsHasNotEnded) {
  sample_.add("web").restart.mode = model::RestartMode::Always;
  up();
  attend(aborting(AttachedUp::Abort::OnExit));
  engine_.end("p-web-1", 1);
  timers_.advance(1s);
  EXPECT_FALSE(ended_);
}

}  // namespace
}  // namespace davit::runtime
