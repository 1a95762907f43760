#include <gmock/gmock.h>

#include "support/runtime_fixture.hpp"

namespace davit::runtime {
namespace {

using namespace std::chrono_literals;
using engine::ContainerState;
using engine::Health;
using model::DependencyCondition;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

class Execute : public test::RuntimeFixture {
 protected:
  void with_probe(const std::string& service) {
    auto& healthcheck = sample_.project.services[service].healthcheck.emplace();
    healthcheck.test = std::vector<std::string>{"CMD", "true"};
  }
  /// Takes its time, in which the container must not start.
  Task<void> note(MadeContainer container, std::vector<std::string>& made) {
    co_await timers_.sleep_for(1s);
    EXPECT_EQ(container.id, engine_.find("p-db-1")->id);
    EXPECT_EQ(container.kind, MadeContainer::Kind::OfService);
    made.push_back(container.name + " of " + container.service + " after " + engine_.calls.back());
  }
  ContainerState state_of(const std::string& name) { return engine_.find(name)->state; }
};

TEST_F(Execute, BringsAProjectUpAndSaysSo) {
  sample_.add("db");
  sample_.add("web");
  sample_.add_volume("db", "data");
  sample_.depends("web", "db");
  up();
  ASSERT_TRUE(done_ && done_->ok()) << failure();
  EXPECT_THAT(engine_.calls, ElementsAre("create network p_default", "create volume p_data", "create p-web-1",
                                         "create p-db-1", "start p-db-1", "start p-web-1"));
  EXPECT_THAT(sink_.lines,
              ElementsAre("Network p_default Creating", "Network p_default Created", "Volume p_data Creating",
                          "Volume p_data Created", "Container p-web-1 Creating", "Container p-web-1 Created",
                          "Container p-db-1 Creating", "Container p-db-1 Created", "Container p-db-1 Starting",
                          "Container p-db-1 Started", "Container p-web-1 Starting", "Container p-web-1 Started"));
  EXPECT_EQ(state_of("p-web-1"), ContainerState::Running);
  EXPECT_EQ(done_->containers.at("p-web-1"), engine_.find("p-web-1")->id);
}

TEST_F(Execute, TellsOfAContainerBeforeItStarts) {
  sample_.add("db");
  std::vector<std::string> made;
  ExecuteOptions options;
  options.made = [&](MadeContainer container) { return note(std::move(container), made); };
  up(std::move(options));
  timers_.advance(1s);
  EXPECT_THAT(made, ElementsAre("p-db-1 of db after create p-db-1"));
  EXPECT_EQ(state_of("p-db-1"), ContainerState::Running);
}

TEST_F(Execute, ASecondUpDoesNothing) {
  sample_.add("db");
  sample_.add("web");
  sample_.add_volume("db", "data");
  up();
  engine_.calls.clear();
  sink_.lines.clear();
  up();
  ASSERT_TRUE(done_ && done_->ok());
  EXPECT_THAT(engine_.calls, IsEmpty());
  EXPECT_THAT(sink_.lines, ElementsAre("Container p-db-1 Running", "Container p-web-1 Running"));
}

TEST_F(Execute, ContainersStartSideBySide) {
  for (const char* name : {"a", "b", "c"}) {
    sample_.add(name);
    engine_.scripts[name].start_takes = 1s;
  }
  up();
  timers_.advance(1s);
  EXPECT_TRUE(done_ && done_->ok());
}

TEST_F(Execute, TheParallelLimitIsKept) {
  for (const char* name : {"a", "b", "c"}) {
    sample_.add(name);
    engine_.scripts[name].start_takes = 1s;
  }
  up({.parallel = 1});
  timers_.advance(2900ms);
  EXPECT_FALSE(ended_);
  timers_.advance(100ms);
  EXPECT_TRUE(done_ && done_->ok());
}

TEST_F(Execute, ADependantStartsTheMomentItsDependencyIsHealthy) {
  sample_.add("db");
  sample_.add("web");
  with_probe("db");
  sample_.depends("web", "db", DependencyCondition::Healthy);
  engine_.scripts["db"].healthy_after = 300ms;
  up();
  timers_.advance(299ms);
  EXPECT_THAT(engine_.calls, Not(::testing::Contains("start p-web-1")));
  timers_.advance(1ms);
  ASSERT_TRUE(done_ && done_->ok()) << failure();
  EXPECT_THAT(engine_.calls.back(), "start p-web-1");
  EXPECT_THAT(sink_.lines, ::testing::IsSupersetOf({"Container p-db-1 Waiting", "Container p-db-1 Healthy"}));
}

TEST_F(Execute, AnUnhealthyDependencyFailsWithItsLastProbeAndLogLines) {
  sample_.add("db");
  sample_.add("web");
  with_probe("db");
  sample_.depends("web", "db", DependencyCondition::Healthy);
  sample_.project.services["web"].depends_on["db"].where =
      Span{std::make_shared<const std::string>("c.yaml"), {7, 1}, {7, 3}};
  engine_.scripts["db"].unhealthy_after = 1s;
  engine_.scripts["db"].probe_output = "connection refused\n";
  up({.log_tail = [](engine::ObservedContainer container, std::size_t) -> Task<std::vector<std::string>> {
    std::vector<std::string> lines{"cannot open data of " + container.name};
    co_return lines;
  }});
  timers_.advance(1s);
  ASSERT_TRUE(done_);
  EXPECT_EQ(failure(),
            "dependency failed to start: container p-db-1 is unhealthy\n"
            "its last probe ended with 1: connection refused\n"
            "log: cannot open data of p-db-1");
  EXPECT_EQ(done_->failures[0].where->to_string(), "c.yaml:7:1");
  EXPECT_EQ(state_of("p-web-1"), ContainerState::Created);
  EXPECT_THROW(done_->throw_if_failed(), Error);
}

TEST_F(Execute, AnExplanationThatFailsInAnyWayIsNotAwaited) {
  sample_.add("db");
  sample_.add("web");
  with_probe("db");
  sample_.depends("web", "db", DependencyCondition::Healthy);
  engine_.scripts["db"] = {.run_for = 10ms, .exit_code = 1};
  up({.log_tail = [](engine::ObservedContainer, std::size_t) -> Task<std::vector<std::string>> {
    throw std::runtime_error("no memory");
    co_return std::vector<std::string>{};
  }});
  timers_.advance(10ms);
  ASSERT_TRUE(done_);
  EXPECT_EQ(failure(), "dependency failed to start: container p-db-1 exited (1)\nits log cannot be read: no memory");
}

TEST_F(Execute, ADependencyThatExitsFailsAtOnce) {
  sample_.add("db");
  sample_.add("web");
  with_probe("db");
  sample_.depends("web", "db", DependencyCondition::Healthy);
  engine_.scripts["db"] = {.run_for = 10ms, .exit_code = 1};
  up();
  timers_.advance(10ms);
  ASSERT_TRUE(done_);
  EXPECT_EQ(failure(), "dependency failed to start: container p-db-1 exited (1)");
}

TEST_F(Execute, ADependencyThatIsRestartedMayStillBecomeHealthy) {
  sample_.add("db");
  sample_.add("web");
  with_probe("db");
  sample_.project.services["db"].restart.mode = model::RestartMode::Always;
  sample_.depends("web", "db", DependencyCondition::Healthy);
  engine_.scripts["db"] = {.run_for = 10ms, .exit_code = 1};
  up();
  timers_.advance(50ms);
  EXPECT_FALSE(ended_);
  engine_.scripts["db"] = {.healthy_after = 5ms};
  timers_.advance(200ms);
  EXPECT_TRUE(done_ && done_->ok()) << failure();
}

TEST_F(Execute, AJobIsAwaitedAndItsFailureNamed) {
  sample_.add("migrate");
  sample_.add("web");
  sample_.depends("web", "migrate", DependencyCondition::CompletedSuccessfully);
  engine_.scripts["migrate"] = {.run_for = 2s, .exit_code = 0};
  up();
  timers_.advance(2s);
  ASSERT_TRUE(done_ && done_->ok()) << failure();
  EXPECT_THAT(sink_.lines, ::testing::Contains("Container p-migrate-1 Exited"));

  engine_.end("p-web-1", 0);
  engine_.scripts["migrate"].exit_code = 4;
  up();
  timers_.advance(2s);
  EXPECT_EQ(failure(), "service \"migrate\" didn't complete successfully: exit 4");
}

TEST_F(Execute, AnOptionalDependencyOnlyWarns) {
  sample_.add("cache");
  sample_.add("web");
  with_probe("cache");
  sample_.depends("web", "cache", DependencyCondition::Healthy);
  sample_.project.services["web"].depends_on["cache"].required = false;
  engine_.scripts["cache"] = {.run_for = 10ms, .exit_code = 1};
  up();
  timers_.advance(10ms);
  ASSERT_TRUE(done_ && done_->ok()) << failure();
  EXPECT_EQ(done_->warnings[0].message, "dependency failed to start: container p-cache-1 exited (1)");
  EXPECT_EQ(state_of("p-web-1"), ContainerState::Running);
}

TEST_F(Execute, AFailingStartStopsDependantsAndPointsAtTheService) {
  sample_.add("db");
  sample_.add("web");
  sample_.depends("web", "db");
  engine_.scripts["db"].start_error = "cannot mount '/data': no such file or directory";
  up();
  ASSERT_TRUE(done_);
  EXPECT_EQ(failure(), "cannot mount '/data': no such file or directory");
  EXPECT_EQ(done_->failures[0].where->to_string(), "compose.yaml:10:3");
  EXPECT_THAT(engine_.calls, Not(::testing::Contains("start p-web-1")));
}

TEST_F(Execute, AChangedServiceIsSwappedAndKeepsItsAnonymousVolumes) {
  auto& web = sample_.add("web");
  sample_.options.images[web.image].volumes = {"/cache"};
  up();
  const auto old = *engine_.find("p-web-1");
  sample_.configure("web", R"({"image":"other"})");
  engine_.calls.clear();
  sink_.lines.clear();
  sink_.details.clear();
  up();
  ASSERT_TRUE(done_ && done_->ok()) << failure();
  const std::string temporary = old.id.str().substr(0, 12) + "_p-web-1";
  EXPECT_THAT(engine_.calls, ElementsAre("create " + temporary, "stop p-web-1", "remove p-web-1",
                                         "rename " + temporary + " to p-web-1", "start p-web-1"));
  EXPECT_THAT(sink_.lines, ElementsAre("Container p-web-1 Recreate", "Container p-web-1 Recreated",
                                       "Container p-web-1 Starting", "Container p-web-1 Started"));
  EXPECT_THAT(sink_.details, ElementsAre("config changed: image"));
  EXPECT_NE(engine_.find("p-web-1")->id, old.id);
  EXPECT_EQ(engine_.find("p-web-1")->mounts, old.mounts);
  EXPECT_EQ(engine_.specs[temporary].attachments[0].aliases, (std::vector<std::string>{"web", "p-web-1"}));
}

TEST_F(Execute, ABuildRunsBesideOtherStarts) {
  sample_.add("db");
  auto& web = sample_.add("web");
  sample_.options.images.erase(web.image);
  web.build.emplace();
  images_.built["web"] = test::SampleProject::image("sha256:built");
  images_.takes = 5s;
  up();
  EXPECT_EQ(state_of("p-db-1"), ContainerState::Running);
  EXPECT_EQ(engine_.find("p-web-1"), nullptr);
  timers_.advance(5s);
  ASSERT_TRUE(done_ && done_->ok()) << failure();
  EXPECT_EQ(engine_.find("p-web-1")->image, ImageId("sha256:built"));
  EXPECT_THAT(sink_.lines, ::testing::IsSupersetOf({"Image web-image Building", "Image web-image Built"}));
}

TEST_F(Execute, ABuildThatChangesNothingKeepsTheContainer) {
  auto& web = sample_.add("web");
  web.build.emplace();
  up();
  sample_.options.build = plan::UpOptions::Build::Always;
  images_.built["web"] = sample_.options.images["web-image"];
  engine_.calls.clear();
  sink_.lines.clear();
  up();
  ASSERT_TRUE(done_ && done_->ok()) << failure();
  EXPECT_THAT(engine_.calls, IsEmpty());
  EXPECT_THAT(sink_.lines,
              ElementsAre("Image web-image Building", "Image web-image Built", "Container p-web-1 Running"));

  images_.built["web"] = test::SampleProject::image("sha256:changed");
  up();
  ASSERT_TRUE(done_ && done_->ok()) << failure();
  EXPECT_EQ(engine_.find("p-web-1")->image, ImageId("sha256:changed"));
}

TEST_F(Execute, AFailingBuildIsTheFailure) {
  auto& web = sample_.add("web");
  sample_.options.images.clear();
  web.build.emplace();
  images_.errors["web"] = "the command '/bin/false' ended with 1";
  up();
  EXPECT_EQ(failure(), "the command '/bin/false' ended with 1");
  EXPECT_THAT(engine_.calls, Not(::testing::Contains("create p-web-1")));
}

TEST_F(Execute, WaitEndsWhenEverythingIsUp) {
  sample_.add("db");
  sample_.add("web");
  with_probe("db");
  engine_.scripts["db"].healthy_after = 2s;
  sample_.options.wait = plan::UpOptions::Wait::Yes;
  up({.wait_timeout = 10s});
  EXPECT_FALSE(ended_);
  timers_.advance(2s);
  EXPECT_TRUE(done_ && done_->ok()) << failure();
}

TEST_F(Execute, WaitGivesUpAtItsLimit) {
  sample_.add("db");
  with_probe("db");
  sample_.options.wait = plan::UpOptions::Wait::Yes;
  up({.wait_timeout = 3s});
  timers_.advance(2999ms);
  EXPECT_FALSE(ended_);
  timers_.advance(1ms);
  ASSERT_TRUE(done_);
  EXPECT_EQ(failure(), "application not healthy after 3s");
  EXPECT_EQ(state_of("p-db-1"), ContainerState::Running);
}

TEST_F(Execute, TheWaitLimitDoesNotCountBuilds) {
  auto& web = sample_.add("web");
  sample_.add("db");
  with_probe("web");
  sample_.options.images.erase(web.image);
  web.build.emplace();
  images_.built["web"] = test::SampleProject::image("sha256:built");
  images_.takes = 60s;
  engine_.scripts["web"].healthy_after = 1s;
  sample_.options.wait = plan::UpOptions::Wait::Yes;
  up({.wait_timeout = 3s});
  timers_.advance(61s);
  EXPECT_TRUE(done_ && done_->ok()) << failure();
}

TEST_F(Execute, WaitFailsForAContainerThatExits) {
  sample_.add("web");
  with_probe("web");
  engine_.scripts["web"] = {.run_for = 5ms, .exit_code = 7};
  sample_.options.wait = plan::UpOptions::Wait::Yes;
  up();
  timers_.advance(1s);
  EXPECT_EQ(failure(), "container p-web-1 exited (7)");
}

TEST_F(Execute, WithoutAProbeAndPortsWaitEndsWhenTheEngineSaysReady) {
  sample_.add("web");
  engine_.scripts["web"].ready_after = 20ms;
  sample_.options.wait = plan::UpOptions::Wait::Yes;
  up();
  timers_.advance(19ms);
  EXPECT_FALSE(ended_);
  timers_.advance(1ms);
  EXPECT_TRUE(done_ && done_->ok()) << failure();
  EXPECT_THAT(sink_.lines, ::testing::IsSupersetOf({"Container p-web-1 Waiting", "Container p-web-1 Healthy"}));
  EXPECT_THAT(engine_.asked_ready, ElementsAre("p-web-1"));
}

TEST_F(Execute, WaitFailsForAContainerThatEndsWhileAnotherIsAwaited) {
  sample_.add("db");
  sample_.add("web");
  with_probe("db");
  engine_.scripts["db"].healthy_after = 5s;
  engine_.scripts["web"] = {.run_for = 1s, .exit_code = 3};
  sample_.options.wait = plan::UpOptions::Wait::Yes;
  up({.log_tail = [](engine::ObservedContainer, std::size_t) -> Task<std::vector<std::string>> {
    std::vector<std::string> lines{"no configuration"};
    co_return lines;
  }});
  timers_.advance(1s);
  ASSERT_TRUE(done_);
  EXPECT_EQ(failure(), "container p-web-1 exited (3)\nlog: no configuration");
}

TEST_F(Execute, WaitAwaitsAContainerThatItsPolicyStartsAgain) {
  sample_.add("web");
  sample_.project.services["web"].restart.mode = model::RestartMode::Always;
  engine_.scripts["web"] = {.run_for = 10ms, .exit_code = 1, .ready_after = 20ms};
  sample_.options.wait = plan::UpOptions::Wait::Yes;
  up();
  timers_.advance(50ms);
  EXPECT_FALSE(ended_);
  engine_.scripts["web"] = {.ready_after = 20ms};
  timers_.advance(200ms);
  EXPECT_TRUE(done_ && done_->ok()) << failure();
}

TEST_F(Execute, WaitGivesUpAContainerThatKeepsEnding) {
  sample_.add("web");
  sample_.project.services["web"].restart.mode = model::RestartMode::Always;
  sample_.project.services["web"].x_davit.listen_timeout = 1s;
  engine_.scripts["web"] = {.run_for = 10ms, .exit_code = 3, .ready_after = 20ms};
  sample_.options.wait = plan::UpOptions::Wait::Yes;
  up({.log_tail = [](engine::ObservedContainer, std::size_t) -> Task<std::vector<std::string>> {
    std::vector<std::string> lines{"no configuration"};
    co_return lines;
  }});
  timers_.advance(1s);
  EXPECT_FALSE(ended_) << "it may still recover";
  timers_.advance(10s);
  ASSERT_TRUE(done_);
  EXPECT_EQ(failure(),
            "container p-web-1 exited (3) again and again: 5 times while it was awaited\nlog: no configuration");
}

TEST_F(Execute, ADependencyThatKeepsEndingIsGivenUp) {
  sample_.add("db");
  sample_.add("web");
  with_probe("db");
  sample_.project.services["db"].restart.mode = model::RestartMode::Always;
  sample_.depends("web", "db", DependencyCondition::Healthy);
  engine_.scripts["db"] = {.run_for = 10ms, .exit_code = 1};
  up();
  timers_.advance(10s);
  EXPECT_FALSE(ended_);
  timers_.advance(10s);
  EXPECT_EQ(failure(),
            "dependency failed to start: container p-db-1 exited (1) again and again: 8 times while it was awaited");
  EXPECT_EQ(state_of("p-web-1"), ContainerState::Created);
}

TEST_F(Execute, ASilentPortIsAWarningAtItsLine) {
  auto& web = sample_.add("web");
  model::Port port;
  port.target = 80;
  port.where = Span{std::make_shared<const std::string>("c.yaml"), {5, 9}, {5, 14}};
  web.ports.push_back(port);
  engine_.scripts["web"].silent_ports = {80};
  sample_.options.wait = plan::UpOptions::Wait::Yes;
  up();
  ASSERT_TRUE(done_ && done_->ok()) << failure();
  ASSERT_EQ(done_->warnings.size(), 1U);
  EXPECT_EQ(done_->warnings[0].message, "container p-web-1 runs, but nothing listens at its published port 80 yet");
  EXPECT_EQ(done_->warnings[0].where->to_string(), "c.yaml:5:9");
  up();
  EXPECT_THAT(done_->warnings, IsEmpty()) << "of a container that was kept it was said before";
}

TEST_F(Execute, TheTimeToListenIsTheServicesOwn) {
  sample_.add("web").x_davit.listen_timeout = 0s;
  engine_.scripts["web"].ready_after = 1h;
  sample_.options.wait = plan::UpOptions::Wait::Yes;
  up();
  EXPECT_TRUE(done_ && done_->ok()) << failure();
}

TEST_F(Execute, AnOldExitDoesNotDecideAboutTheNewStart) {
  sample_.add("db");
  sample_.add("web");
  with_probe("db");
  sample_.depends("web", "db", DependencyCondition::Healthy);
  engine_.scripts["db"].healthy_after = 1s;
  up();
  timers_.advance(1s);
  ASSERT_TRUE(done_ && done_->ok());
  // A changed network stops and starts the same containers: the exit of the stop is still on its way.
  sample_.project.networks["default"].internal = true;
  up();
  timers_.advance(1s);
  ASSERT_TRUE(done_ && done_->ok()) << failure();
  EXPECT_EQ(state_of("p-web-1"), ContainerState::Running);
}

TEST_F(Execute, CancellationStartsNothingMore) {
  sample_.add("db");
  sample_.add("web");
  sample_.depends("web", "db");
  engine_.scripts["db"].start_takes = 10s;
  up();
  cancel_.emit(asio::cancellation_type::terminal);
  timers_.settle();
  EXPECT_TRUE(ended_);
  EXPECT_TRUE(thrown_);
  timers_.advance(20s);
  EXPECT_THAT(engine_.calls, Not(::testing::Contains("start p-web-1")));
  // The next `up` finishes the job.
  engine_.scripts["db"].start_takes = 0s;
  up();
  ASSERT_TRUE(done_ && done_->ok()) << failure();
  EXPECT_EQ(state_of("p-web-1"), ContainerState::Running);
}

TEST_F(Execute, AnEngineThatGoesAwayIsNotAwaitedForEver) {
  sample_.add("db");
  with_probe("db");
  sample_.options.wait = plan::UpOptions::Wait::Yes;
  up();
  engine_.shut_down();
  timers_.settle();
  ASSERT_TRUE(ended_);
  EXPECT_TRUE(thrown_);
}

TEST_F(Execute, DownStopsDependantsFirstAndLeavesNothing) {
  sample_.add("db");
  sample_.add("web");
  sample_.add_volume("db", "data");
  sample_.depends("web", "db");
  up();
  engine_.calls.clear();
  sink_.lines.clear();
  engine_.scripts["web"].ignores_sigterm = true;
  plan::DownOptions options;
  options.volumes = plan::DownOptions::Volumes::Remove;
  auto plan = plan::make_down_plan(sample_.project, engine_.state(), options);
  ASSERT_TRUE(plan);
  execute(*std::move(plan));
  EXPECT_THAT(engine_.calls, ElementsAre("stop p-web-1"));
  timers_.advance(10s);
  ASSERT_TRUE(done_ && done_->ok()) << failure();
  EXPECT_THAT(engine_.calls, ElementsAre("stop p-web-1", "stop p-db-1", "remove p-web-1", "remove p-db-1",
                                         "remove network p_default", "remove volume p_data"));
  EXPECT_EQ(engine_.state(), engine::Observed{});
  EXPECT_THAT(sink_.lines, ::testing::IsSupersetOf({"Container p-web-1 Stopped", "Container p-db-1 Removed",
                                                    "Network p_default Removed", "Volume p_data Removed"}));
}

TEST_F(Execute, AnImageThatAnotherContainerNeedsStaysAndIsNoFailure) {
  sample_.add("web");
  up();
  images_.calls.clear();
  images_.in_use.insert("web-image");
  plan::DownOptions options;
  options.images = plan::DownOptions::Images::All;
  auto plan = plan::make_down_plan(sample_.project, engine_.state(), options);
  ASSERT_TRUE(plan);
  execute(*std::move(plan));
  ASSERT_TRUE(done_ && done_->ok()) << failure();
  EXPECT_THAT(images_.calls, ElementsAre("remove web-image"));
  EXPECT_THAT(sink_.lines, ::testing::Contains("Image web-image Resource is still in use"));
  EXPECT_THAT(sink_.lines, ::testing::Not(::testing::Contains("Image web-image Removed")));
}

TEST_F(Execute, FiftyServicesComeUpAndGo) {
  for (int i = 0; i < 50; ++i) sample_.add("s" + std::to_string(i));
  up();
  ASSERT_TRUE(done_ && done_->ok());
  auto plan = plan::make_down_plan(sample_.project, engine_.state(), {});
  execute(*std::move(plan));
  EXPECT_EQ(engine_.state(), engine::Observed{});
}

}  // namespace
}  // namespace davit::runtime
