// post_start and pre_stop on an engine that only remembers.

#include <gmock/gmock.h>

#include "support/runtime_fixture.hpp"

namespace davit::runtime {
namespace {

using namespace std::chrono_literals;
using engine::ContainerState;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

model::Hook hook(const std::string& command) {
  model::Hook hook;
  hook.command = {command};
  hook.where = Span{std::make_shared<const std::string>("compose.yaml"), {7, 9}, {7, 20}};
  return hook;
}

class Hooks : public test::RuntimeFixture {
 protected:
  model::Service& db() { return sample_.project.services["db"]; }
  test::FakeProgram& program(const std::string& name) { return engine_.scripts["db"].programs[name]; }

  void SetUp() override {
    sample_.add("db");
    sample_.add("web");
    sample_.depends("web", "db");
  }
  void execute_again(Result<plan::Plan, Diagnostics> plan) {
    ASSERT_TRUE(plan);
    done_.reset();
    ended_ = false;
    engine_.calls.clear();
    execute(*std::move(plan));
  }
  void stop() { execute_again(plan::make_stop_plan(sample_.project, engine_.state(), {})); }
};

TEST_F(Hooks, PostStartRunsInOrderBeforeDependantsStart) {
  db().post_start = {hook("first"), hook("second")};
  program("first").takes = 1s;
  up();
  timers_.advance(999ms);
  EXPECT_EQ(engine_.calls.back(), "run first in p-db-1");
  EXPECT_THAT(sink_.lines, Not(Contains("Container p-db-1 Started")));
  timers_.advance(1ms);
  ASSERT_TRUE(done_ && done_->ok()) << failure();
  EXPECT_THAT(engine_.calls, ElementsAre("create network p_default", "create p-db-1", "create p-web-1", "start p-db-1",
                                         "run first in p-db-1", "run second in p-db-1", "start p-web-1"));
}

TEST_F(Hooks, AHookGetsUserFolderRightsAndVariables) {
  model::Hook& given = db().post_start.emplace_back(hook("x"));
  given.command = {"x", "y"};
  given.user = "nobody";
  given.working_dir = "/etc";
  given.privileged = true;
  given.environment = {{"A", "1"}, {"B", std::nullopt}};
  up();
  const engine::Program expected{{"x", "y"}, {{"A", "1"}, {"B", std::nullopt}}, "/etc", "nobody", true};
  EXPECT_THAT(engine_.programs, ElementsAre(expected));
}

TEST_F(Hooks, AFailingPostStartFailsTheStartAtItsPlaceAndLeavesTheContainerRunning) {
  db().post_start = {hook("migrate"), hook("never")};
  program("migrate").exit_code = 3;
  program("migrate").err = "no such table\n";
  up();
  ASSERT_TRUE(done_);
  EXPECT_EQ(failure(), "db hook exited with status 3: no such table");
  EXPECT_EQ(done_->failures[0].where->begin.line, 7U);
  EXPECT_EQ(engine_.find("p-db-1")->state, ContainerState::Running);
  EXPECT_EQ(engine_.find("p-web-1")->state, ContainerState::Created);
  EXPECT_THAT(engine_.calls, Not(Contains("run never in p-db-1")));
}

TEST_F(Hooks, AProgramThatIsNotThereIsAHookThatEndedWith127) {
  db().post_start = {hook("nosuch")};
  program("nosuch").start_error = "no such program: 'nosuch'";
  up();
  EXPECT_EQ(failure(), "db hook exited with status 127: no such program: 'nosuch'");
}

TEST_F(Hooks, OutputIsToldLineByLineWithTheContainer) {
  db().post_start = {hook("x")};
  program("x").out = "one\ntwo";
  std::vector<std::string> lines;
  ExecuteOptions options;
  options.hook_output = [&lines](const std::string& who, const std::string& line) {
    lines.push_back(who + ": " + line);
  };
  up(std::move(options));
  EXPECT_THAT(lines, ElementsAre("p-db-1: one", "p-db-1: two"));
}

TEST_F(Hooks, PreStopEndsBeforeTheStop) {
  db().pre_stop = {hook("flush")};
  program("flush").takes = 20s;  // longer than the grace period, of which it takes nothing
  up();
  stop();
  timers_.advance(19s);
  EXPECT_EQ(engine_.calls.back(), "run flush in p-db-1");
  timers_.advance(1s);
  ASSERT_TRUE(done_ && done_->ok()) << failure();
  EXPECT_THAT(engine_.calls, ElementsAre("stop p-web-1", "run flush in p-db-1", "stop p-db-1"));
}

TEST_F(Hooks, AFailingPreStopLeavesTheContainerRunning) {
  db().pre_stop = {hook("flush")};
  program("flush").exit_code = 4;
  up();
  stop();
  EXPECT_EQ(failure(), "db hook exited with status 4");
  EXPECT_EQ(engine_.find("p-db-1")->state, ContainerState::Running);
  EXPECT_EQ(engine_.find("p-web-1")->state, ContainerState::Exited);
}

TEST_F(Hooks, APreStopThatEndsTheContainerHasDoneItsDuty) {
  db().pre_stop = {hook("quit")};
  program("quit").exit_code = 137;
  program("quit").ends_the_container = true;
  up();
  stop();
  EXPECT_TRUE(done_ && done_->ok()) << failure();
}

TEST_F(Hooks, RestartRunsBothAroundIt) {
  db().pre_stop = {hook("flush")};
  db().post_start = {hook("fill")};
  up();
  plan::ContainerOptions only;
  only.services = {"db"};
  execute_again(plan::make_restart_plan(sample_.project, engine_.state(), only));
  ASSERT_TRUE(done_ && done_->ok()) << failure();
  EXPECT_THAT(engine_.calls, ElementsAre("run flush in p-db-1", "restart p-db-1", "run fill in p-db-1"));
  stop();
  execute_again(plan::make_restart_plan(sample_.project, engine_.state(), only));
  EXPECT_THAT(engine_.calls, ElementsAre("restart p-db-1", "run fill in p-db-1"));
}

TEST_F(Hooks, DownRunsPreStopAndKillAndRecreationDoNot) {
  db().pre_stop = {hook("flush")};
  up();
  sample_.configure("db", R"({"image":"other"})");
  up();
  ASSERT_TRUE(done_ && done_->ok()) << failure();
  EXPECT_THAT(engine_.calls, Not(Contains("run flush in p-db-1")));
  execute_again(plan::make_down_plan(sample_.project, engine_.state(), {}));
  EXPECT_THAT(engine_.calls, Contains("run flush in p-db-1"));
  up();
  execute_again(plan::make_kill_plan(sample_.project, engine_.state(), {}));
  EXPECT_THAT(engine_.calls, Not(Contains("run flush in p-db-1")));
}

}  // namespace
}  // namespace davit::runtime
