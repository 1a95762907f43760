#include "davit/schedule/scheduler.hpp"

#include <gmock/gmock.h>

#include "support/action_text.hpp"

namespace davit::schedule {
namespace {

using engine::ContainerState;
using engine::Health;
using plan::Condition;
using plan::Edge;
using plan::Plan;
using plan::SlotId;
using plan::StepId;
using test::text_of;
using Probe = ContainerFacts::Probe;
using Ready = ContainerFacts::Ready;

/// A plan written down by hand.
class PlanWriter {
 public:
  SlotId slot(const std::string& service) {
    plan_.slots.push_back({.name = "p-" + service + "-1", .service = service});
    return static_cast<SlotId>(plan_.slots.size() - 1);
  }
  StepId step(plan::Operation operation, std::vector<Edge> after = {}) {
    const auto id = static_cast<StepId>(plan_.steps.size() + 1);
    plan_.steps.push_back({.id = id, .operation = std::move(operation), .after = std::move(after)});
    return id;
  }
  StepId start(SlotId slot, std::vector<Edge> after = {}) {
    return step(plan::StartContainer{slot, nullptr}, std::move(after));
  }
  StepId wait(SlotId slot, Condition condition, std::vector<Edge> after) {
    return step(plan::WaitFor{plan_.slots[slot].service, condition, {slot}, {}}, std::move(after));
  }
  Plan& plan() { return plan_; }

 private:
  Plan plan_;
};

ContainerFacts running(Health health) {
  return {ContainerState::Running, health, 0, Probe::Configured};
}
/// Without a probe.
ContainerFacts plain(ContainerState state, Ready ready = Ready::No) {
  return {state, Health::None, 0, Probe::None, ready};
}
ContainerFacts exited(int code) {
  return {ContainerState::Exited, Health::None, code, Probe::None};
}

/// db is started and awaited, then web is started: #1, #2, #3.
struct DbAndWeb {
  PlanWriter writer;
  SlotId db = writer.slot("db");
  SlotId web = writer.slot("web");
  explicit DbAndWeb(Condition condition, Edge::Kind kind = Edge::Kind::Needs) {
    writer.start(db);
    writer.wait(db, condition, {{1}});
    writer.start(web, {{2, kind}});
  }
};

using S = Scheduler;

TEST(Scheduler, AnEmptyPlanIsFinishedAtOnce) {
  const Plan plan;
  S scheduler(plan, {});
  EXPECT_EQ(text_of(scheduler.resume(S::Begin{})), "finished");
}

TEST(Scheduler, RunsIndependentStepsAtOnceAndDependantsAfterwards) {
  PlanWriter w;
  const auto a = w.slot("a");
  w.start(a);
  w.start(a);
  w.start(a, {{1}, {2}});
  S scheduler(w.plan(), {});
  EXPECT_EQ(text_of(scheduler.resume(S::Begin{})), "run 1; run 2");
  EXPECT_EQ(text_of(scheduler.resume(S::Succeeded{2})), "");
  EXPECT_EQ(text_of(scheduler.resume(S::Succeeded{1})), "run 3");
  EXPECT_EQ(text_of(scheduler.resume(S::Succeeded{3})), "finished");
}

TEST(Scheduler, KeepsTheParallelLimitAndWaitingIsFree) {
  PlanWriter w;
  const auto a = w.slot("a");
  w.wait(a, Condition::Healthy, {});
  w.start(a);
  w.start(a);
  S scheduler(w.plan(), {.parallel = 1});
  EXPECT_EQ(text_of(scheduler.resume(S::Begin{})), "wait 1; run 2");
  EXPECT_EQ(text_of(scheduler.resume(S::Succeeded{2})), "run 3");
}

TEST(Scheduler, StartsDependentOnlyAfterHealthy) {
  DbAndWeb p(Condition::Healthy);
  S scheduler(p.writer.plan(), {});
  EXPECT_EQ(text_of(scheduler.resume(S::Begin{})), "run 1");
  EXPECT_EQ(text_of(scheduler.resume(S::Changed{p.db, running(Health::Starting)})), "");
  EXPECT_EQ(text_of(scheduler.resume(S::Succeeded{1})), "wait 2");
  EXPECT_EQ(text_of(scheduler.resume(S::Changed{p.db, running(Health::Healthy)})), "fulfilled 2; run 3");
}

TEST(Scheduler, HealthSeenBeforeTheStartReturnedCounts) {
  DbAndWeb p(Condition::Healthy);
  S scheduler(p.writer.plan(), {});
  (void)scheduler.resume(S::Begin{});
  EXPECT_EQ(text_of(scheduler.resume(S::Changed{p.db, running(Health::Healthy)})), "");
  EXPECT_EQ(text_of(scheduler.resume(S::Succeeded{1})), "wait 2; fulfilled 2; run 3");
}

TEST(Scheduler, AnUnhealthyDependencyFailsAtOnce) {
  DbAndWeb p(Condition::Healthy);
  S scheduler(p.writer.plan(), {});
  (void)scheduler.resume(S::Begin{});
  (void)scheduler.resume(S::Succeeded{1});
  EXPECT_EQ(text_of(scheduler.resume(S::Changed{p.db, running(Health::Unhealthy)})),
            "failed 2: dependency failed to start: container p-db-1 is unhealthy; skipped 3 because of 2; finished");
}

TEST(Scheduler, AnExitedDependencyFailsAtOnce) {
  DbAndWeb p(Condition::Healthy);
  S scheduler(p.writer.plan(), {});
  (void)scheduler.resume(S::Begin{});
  (void)scheduler.resume(S::Succeeded{1});
  EXPECT_EQ(text_of(scheduler.resume(S::Changed{p.db, exited(1)})),
            "failed 2: dependency failed to start: container p-db-1 exited (1); skipped 3 because of 2; finished");
}

TEST(Scheduler, ADependencyThatIsRestartedByItsPolicyIsStillAwaited) {
  DbAndWeb p(Condition::Healthy);
  S scheduler(p.writer.plan(), {});
  (void)scheduler.resume(S::Begin{});
  (void)scheduler.resume(S::Succeeded{1});
  EXPECT_EQ(
      text_of(scheduler.resume(S::Changed{p.db, {ContainerState::Restarting, Health::Starting, 1, Probe::Configured}})),
      "");
}

TEST(Scheduler, HealthOfAContainerWithoutAProbeCannotBeAwaited) {
  DbAndWeb p(Condition::Healthy);
  S scheduler(p.writer.plan(), {});
  (void)scheduler.resume(S::Begin{});
  (void)scheduler.resume(S::Changed{p.db, {ContainerState::Running, Health::None, 0, Probe::None}});
  EXPECT_EQ(text_of(scheduler.resume(S::Succeeded{1})),
            "wait 2; failed 2: dependency failed to start: container p-db-1 has no healthcheck configured; "
            "skipped 3 because of 2; finished");
}

TEST(Scheduler, CompletionMeansExitCodeZero) {
  DbAndWeb p(Condition::CompletedSuccessfully);
  S good(p.writer.plan(), {});
  (void)good.resume(S::Begin{});
  (void)good.resume(S::Succeeded{1});
  EXPECT_EQ(text_of(good.resume(S::Changed{p.db, exited(0)})), "fulfilled 2; run 3");

  S bad(p.writer.plan(), {});
  (void)bad.resume(S::Begin{});
  (void)bad.resume(S::Succeeded{1});
  EXPECT_EQ(text_of(bad.resume(S::Changed{p.db, exited(1)})),
            "failed 2: service \"db\" didn't complete successfully: exit 1; skipped 3 because of 2; finished");
}

TEST(Scheduler, AnExitOfAnEarlierRunDoesNotFulfilCompletion) {
  DbAndWeb p(Condition::CompletedSuccessfully);
  p.writer.plan().slots[p.db].state = ContainerState::Exited;
  S scheduler(p.writer.plan(), {});
  (void)scheduler.resume(S::Begin{});
  EXPECT_EQ(text_of(scheduler.resume(S::Succeeded{1})), "wait 2");
}

TEST(Scheduler, AToleratedFailureIsAWarningAndTheDependantRuns) {
  DbAndWeb p(Condition::Healthy, Edge::Kind::Tolerates);
  S scheduler(p.writer.plan(), {});
  (void)scheduler.resume(S::Begin{});
  (void)scheduler.resume(S::Succeeded{1});
  EXPECT_EQ(text_of(scheduler.resume(S::Changed{p.db, exited(1)})),
            "warned 2: dependency failed to start: container p-db-1 exited (1); run 3");
}

TEST(Scheduler, AFailureStopsWhatHasNotBegunButLetsRunningStepsEnd) {
  PlanWriter w;
  const auto a = w.slot("a");
  w.start(a);
  w.start(a);
  w.start(a, {{2}});
  w.start(a, {{1}});
  w.wait(a, Condition::Healthy, {});
  S scheduler(w.plan(), {});
  EXPECT_EQ(text_of(scheduler.resume(S::Begin{})), "wait 5; run 1; run 2");
  EXPECT_EQ(text_of(scheduler.resume(S::Failed{1})), "skipped 5; skipped 4 because of 1");
  EXPECT_EQ(text_of(scheduler.resume(S::Succeeded{2})), "skipped 3; finished");
}

TEST(Scheduler, WhatEndsSomethingBegunRunsAllTheSame) {
  PlanWriter w;
  const auto a = w.slot("a");
  w.start(a);
  w.start(a);
  w.start(a, {{2}});
  w.plan().steps[2].when_stopping = plan::WhenStopping::Run;
  S scheduler(w.plan(), {});
  (void)scheduler.resume(S::Begin{});
  EXPECT_EQ(text_of(scheduler.resume(S::Failed{1})), "");
  EXPECT_EQ(text_of(scheduler.resume(S::Succeeded{2})), "run 3");
}

TEST(Scheduler, OnFailureContinueDoesAllThatDoesNotDependOnIt) {
  PlanWriter w;
  const auto a = w.slot("a");
  w.start(a);
  w.start(a);
  w.start(a, {{1}});
  w.start(a, {{2}});
  w.start(a, {{3}});
  w.plan().on_failure = plan::OnFailure::Continue;
  S scheduler(w.plan(), {});
  (void)scheduler.resume(S::Begin{});
  EXPECT_EQ(text_of(scheduler.resume(S::Failed{1})), "skipped 3 because of 1; skipped 5 because of 1");
  EXPECT_EQ(text_of(scheduler.resume(S::Succeeded{2})), "run 4");
  EXPECT_EQ(text_of(scheduler.resume(S::Succeeded{4})), "finished");
}

TEST(Scheduler, AGuardedStepRunsOnlyWhenItsImageChanged) {
  PlanWriter w;
  const auto a = w.slot("a");
  w.step(plan::BuildImage{"p-a", nullptr});
  w.start(a, {{1}});
  w.start(a, {{2}});
  w.plan().steps[1].only_if_changed = {{"p-a", ImageId("sha256:old")}};
  S same(w.plan(), {});
  (void)same.resume(S::Begin{});
  (void)same.resume(S::ImageKnown{"p-a", ImageId("sha256:old")});
  EXPECT_EQ(text_of(same.resume(S::Succeeded{1})), "not needed 2; run 3");

  S changed(w.plan(), {});
  (void)changed.resume(S::Begin{});
  (void)changed.resume(S::ImageKnown{"p-a", ImageId("sha256:new")});
  EXPECT_EQ(text_of(changed.resume(S::Succeeded{1})), "run 2");
}

TEST(Scheduler, UpMeansHealthyOrRunningWithoutAProbe) {
  PlanWriter w;
  const auto a = w.slot("a");
  const auto b = w.slot("b");
  w.step(plan::WaitFor{"x", Condition::Up, {a, b}, {}});
  S scheduler(w.plan(), {});
  (void)scheduler.resume(S::Begin{});
  EXPECT_EQ(text_of(scheduler.resume(S::Changed{a, plain(ContainerState::Running, Ready::Yes)})), "");
  EXPECT_EQ(text_of(scheduler.resume(S::Changed{b, running(Health::Starting)})), "");
  EXPECT_EQ(text_of(scheduler.resume(S::Changed{b, running(Health::Healthy)})), "fulfilled 1; look again");
  EXPECT_EQ(text_of(scheduler.resume(S::LookedAgain{})), "finished");
}

TEST(Scheduler, WithoutAProbeRunningIsNotUpBeforeItIsReady) {
  PlanWriter w;
  w.wait(w.slot("a"), Condition::Up, {});
  S scheduler(w.plan(), {});
  (void)scheduler.resume(S::Begin{});
  EXPECT_EQ(text_of(scheduler.resume(S::Changed{0, plain(ContainerState::Running)})), "");
  EXPECT_EQ(text_of(scheduler.resume(S::Changed{0, plain(ContainerState::Running, Ready::Yes)})),
            "fulfilled 1; look again");
}

TEST(Scheduler, UpFailsForAContainerThatEndsUnlessItsCompletionIsAwaited) {
  for (const Condition condition : {Condition::Up, Condition::UpOrCompleted}) {
    PlanWriter w;
    w.wait(w.slot("a"), condition, {});
    S scheduler(w.plan(), {});
    (void)scheduler.resume(S::Begin{});
    EXPECT_EQ(
        text_of(scheduler.resume(S::Changed{0, exited(0)})),
        condition == Condition::Up ? "failed 1: container p-a-1 exited (0); finished" : "fulfilled 1; look again");
  }
}

/// Two services without probes, of which "a" is up and "b" is waited for: waits #1 and #2.
struct OneUp {
  PlanWriter writer;
  SlotId a = writer.slot("a");
  SlotId b = writer.slot("b");
  StepId wait_a = writer.wait(a, Condition::Up, {});
  StepId wait_b = writer.wait(b, Condition::Up, {});
  S scheduler{writer.plan(), {}};
  OneUp() {
    (void)scheduler.resume(S::Begin{});
    (void)scheduler.resume(S::Changed{a, plain(ContainerState::Running, Ready::Yes)});
  }
};

TEST(Scheduler, WhatEndsWhileOthersAreAwaitedIsNotUp) {
  OneUp p;
  EXPECT_EQ(text_of(p.scheduler.resume(S::Changed{p.a, exited(3)})),
            "failed 1: container p-a-1 exited (3); skipped 2; finished");
}

TEST(Scheduler, TheLastLookFindsWhatHasEndedUnnoticed) {
  OneUp p;
  EXPECT_EQ(text_of(p.scheduler.resume(S::Changed{p.b, plain(ContainerState::Running, Ready::Yes)})),
            "fulfilled 2; look again");
  EXPECT_EQ(text_of(p.scheduler.resume(S::Changed{p.a, exited(3)})), "failed 1: container p-a-1 exited (3); finished");
  EXPECT_EQ(text_of(p.scheduler.resume(S::LookedAgain{})), "");
}

TEST(Scheduler, WhatItsPolicyStartsAgainIsAwaitedAgain) {
  OneUp p;
  (void)p.scheduler.resume(S::Changed{p.b, plain(ContainerState::Running, Ready::Yes)});
  EXPECT_EQ(text_of(p.scheduler.resume(S::Changed{p.a, plain(ContainerState::Restarting)})), "wait 1");
  EXPECT_EQ(text_of(p.scheduler.resume(S::LookedAgain{})), "");
  EXPECT_EQ(text_of(p.scheduler.resume(S::Changed{p.a, plain(ContainerState::Running)})), "");
  EXPECT_EQ(text_of(p.scheduler.resume(S::Changed{p.a, plain(ContainerState::Running, Ready::Yes)})),
            "fulfilled 1; look again");
  EXPECT_EQ(text_of(p.scheduler.resume(S::LookedAgain{})), "finished");
}

TEST(Scheduler, AtTheTimeLimitRunningWithoutAProbeIsUp) {
  OneUp p;
  EXPECT_EQ(text_of(p.scheduler.resume(S::Changed{p.b, plain(ContainerState::Running)})), "");
  EXPECT_EQ(text_of(p.scheduler.resume(S::WaitTimedOut{"3s"})), "fulfilled 2; look again");
  EXPECT_EQ(text_of(p.scheduler.resume(S::Changed{p.b, plain(ContainerState::Running)})), "");
  EXPECT_EQ(text_of(p.scheduler.resume(S::LookedAgain{})), "finished");
}

TEST(Scheduler, TheTimeLimitEndsAllWaiting) {
  DbAndWeb p(Condition::Healthy);
  S scheduler(p.writer.plan(), {});
  (void)scheduler.resume(S::Begin{});
  (void)scheduler.resume(S::Succeeded{1});
  EXPECT_EQ(text_of(scheduler.resume(S::WaitTimedOut{"3s"})),
            "failed 2: application not healthy after 3s; skipped 3 because of 2; finished");
}

TEST(Scheduler, AnInterruptSkipsTheRest) {
  DbAndWeb p(Condition::Healthy);
  S scheduler(p.writer.plan(), {});
  (void)scheduler.resume(S::Begin{});
  EXPECT_EQ(text_of(scheduler.resume(S::Interrupted{})), "");
  EXPECT_EQ(text_of(scheduler.resume(S::Succeeded{1})), "skipped 2; skipped 3; finished");
}

TEST(Scheduler, ALongChainOfSkippedStepsIsNoProblem) {
  PlanWriter w;
  const auto a = w.slot("a");
  w.start(a);
  for (StepId id = 1; id < 100'000; ++id) w.start(a, {{id}});
  S scheduler(w.plan(), {});
  (void)scheduler.resume(S::Begin{});
  EXPECT_EQ(scheduler.resume(S::Failed{1}).size(), 100'000U);
  EXPECT_TRUE(scheduler.finished());
}

}  // namespace
}  // namespace davit::schedule
