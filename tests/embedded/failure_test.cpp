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
  for (int runs = 0; runs < 7; ++runs) since = until_event(id, "die", since).id;  // the pause is 6.4 s by now
  ASSERT_EQ(look(id).state, ContainerState::Restarting) << "or this tests nothing";
  run(engine_->stop_container(id, {}));
  state::Database database = state::Database::open(paths_.database());
  EXPECT_TRUE(state::Networks(database).leases_of(id).empty());
}

TEST_F(Failure, AKillBetweenTwoRunsEndsTheLoop) {
  run(engine_->create_network(network("n")));
  const std::vector<std::string> signals{"SIGKILL", "SIGTERM", "SIGHUP"};
  std::vector<ContainerId> loops;
  for (const std::string& name : {signals[0], signals[1], signals[2], std::string("clock")}) {
    engine::ContainerSpec wanted = on_network("n", shell(name, "exit 1"));
    wanted.restart = {engine::RestartPolicy::Mode::Always, 0};
    loops.push_back(start(std::move(wanted)));
  }
  const ContainerId clock = loops.back();
  loops.pop_back();
  std::vector<std::int64_t> ends(loops.size(), 0);
  for (int runs = 0; runs < 6; ++runs)  // the pause is 3.2 s by now
    for (std::size_t i = 0; i < loops.size(); ++i) ends[i] = until_event(loops[i], "die", ends[i]).id;
  for (std::size_t i = 0; i < loops.size(); ++i) {
    ASSERT_EQ(look(loops[i]).state, ContainerState::Restarting) << "or this tests nothing";
    run(engine_->kill_container(loops[i], signals[i]));
    EXPECT_EQ(look(loops[i]).state, ContainerState::Exited);
    until_event(loops[i], "stop", until_event(loops[i], "kill", ends[i]).id);
  }
  // It was the last to begin, and its pauses are the same: with its seventh run the others' would have come.
  std::int64_t tick = 0;
  for (int runs = 0; runs < 7; ++runs) tick = until_event(clock, "die", tick).id;
  run(engine_->stop_container(clock, {}));
  state::Database database = state::Database::open(paths_.database());
  for (const ContainerId& id : loops) {
    EXPECT_EQ(look(id).state, ContainerState::Exited) << "it was started again";
    EXPECT_TRUE(state::Networks(database).leases_of(id).empty());
  }
}

TEST_F(Failure, ARenameSaysWhyItFails) {
  const ContainerId id = create(spec("one", {"/bin/true"}));
  const ContainerId other = create(spec("other", {"/bin/true"}));
  const std::string old = look(id).name;
  const auto rename = [&](const std::string& name) {
    try {
      run(engine_->rename_container(id, name));
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("renamed");
  };
  EXPECT_NE(rename(look(other).name).find("is already in use by container '" + other.str() + "'"), std::string::npos);
  refuse("INSERT ON events WHEN NEW.kind = 'rename'");
  const std::string refused = rename(options_.project + "-free");
  EXPECT_NE(refused.find("refused by the test"), std::string::npos) << refused;
  EXPECT_EQ(refused.find("already in use"), std::string::npos) << refused;
  EXPECT_EQ(look(id).name, old);
  refuse_no_more();
  EXPECT_EQ(rename(options_.project + "-free"), "renamed");
}

}  // namespace
}  // namespace davit::embedded::test
