// What the supervisor does when its own acts fail: a full disk, a row it cannot read.

#include "davit/state/networks.hpp"
#include "davit/state/projects.hpp"
#include "embedded/engine_fixture.hpp"

namespace davit::embedded::test {
namespace {

using engine::ContainerState;

class Failure : public EngineTest {};

TEST_F(Failure, ASupervisorThatCannotBeginIsStartedAgainThoughContainersAreInItsHands) {
  run(engine_->create_network(network("idle")));
  const ContainerId id = start(spec("steady", {"/bin/sleep", "1000"}));
  const std::int64_t pid = look(id).pid;
  state::Database database = state::Database::open(paths_.database());
  database.run("UPDATE networks SET subnet_v4 = 'no/' || subnet_v4");
  ASSERT_EQ(::kill(supervisor_pid(), SIGKILL), 0);
  until_said("is not a subnet");
  database.run("UPDATE networks SET subnet_v4 = substr(subnet_v4, 4)");
  EXPECT_EQ(look(id).state, ContainerState::Running);
  EXPECT_EQ(look(id).pid, pid);
}

TEST_F(Failure, AnEndThatFailsIsTriedAgain) {
  const ContainerId id = create(spec("last", {"/bin/true"}));
  refuse("DELETE ON projects");
  run(engine_->remove_container(id, engine::WithVolumes::No));
  engine_ = std::make_unique<EmbeddedEngine>(options_, timers_);
  until_said("cannot end yet");
  EXPECT_TRUE(run(engine_->observe()).containers.empty()) << "it is at work until then";
  engine_ = std::make_unique<EmbeddedEngine>(options_, timers_);
  refuse_no_more();
  until_dead();
  state::Database database = state::Database::open(paths_.database());
  EXPECT_FALSE(state::Projects(database).find(options_.project));
}

TEST_F(Failure, HealthChecksGoOnWhenTheirResultCannotBeWritten) {
  engine::ContainerSpec wanted = spec("probed", {"/bin/sleep", "1000"});
  wanted.healthcheck = engine::Healthcheck{.test = {"CMD-SHELL", "test -e /tmp/ok"}, .interval = 50ms, .retries = 1000};
  const ContainerId id = start(std::move(wanted));
  refuse("UPDATE ON containers WHEN NEW.health <> OLD.health");
  until_said("cannot write the health of container '" + options_.project + "-probed-1'");
  EXPECT_EQ(exec(id, {"/bin/sh", "-c", "echo > /tmp/ok"}), 0);
  const auto limit = std::chrono::steady_clock::now() + kLimit;
  // The one place where no event can be waited for: that it cannot be written is what this is about.
  while (look(id).health != engine::Health::Healthy && std::chrono::steady_clock::now() < limit) {
  }
  EXPECT_EQ(look(id).health, engine::Health::Healthy);
  refuse_no_more();
  until_event(id, "health_status: healthy");
}

TEST_F(Failure, AStartThatCannotBeWrittenIsUndone) {
  const ContainerId id = create(spec("unwritten", {"/bin/sleep", "1000"}));
  refuse("INSERT ON events WHEN NEW.kind = 'start'");
  EXPECT_THROW(run(engine_->start_container(id)), Error);
  EXPECT_NE(look(id).state, ContainerState::Running);
  const container::Cgroups cgroups(container::detect_host().cgroups);
  EXPECT_TRUE(cgroups.processes(paths_.cgroup(id)).empty()) << "nobody would know of it";
  refuse_no_more();
  run(engine_->start_container(id));
  EXPECT_EQ(look(id).state, ContainerState::Running);
}

TEST_F(Failure, StopAndKillSignalThoughTheyCannotBeWritten) {
  const ContainerId stopped = start(spec("stopped", {"/bin/sleep", "1000"}));
  const ContainerId killed = start(spec("killed", {"/bin/sleep", "1000"}));
  refuse("INSERT ON events WHEN NEW.kind = 'kill'");
  run(engine_->stop_container(stopped, {}));
  run(engine_->kill_container(killed, "SIGKILL"));
  EXPECT_EQ(look(stopped).state, ContainerState::Exited);
  EXPECT_EQ(look(killed).state, ContainerState::Exited);
  refuse_no_more();
  until_event(stopped, "die");
  until_event(killed, "die");
}

TEST_F(Failure, AStopBetweenTwoRunsGivesTheAddressesBack) {
  run(engine_->create_network(network("n")));
  engine::ContainerSpec wanted = on_network("n", shell("eager", "exit 1"));
  wanted.restart = {engine::RestartPolicy::Mode::Always, 0};
  const ContainerId id = start(std::move(wanted));
  std::int64_t since = 0;
  for (int runs = 0; runs < 4; ++runs) since = until_event(id, "die", since).id;  // the pause is 800 ms by now
  run(engine_->stop_container(id, {}));
  state::Database database = state::Database::open(paths_.database());
  EXPECT_TRUE(state::Networks(database).leases_of(id).empty());
}

}  // namespace
}  // namespace davit::embedded::test
