// What the supervisor does when its own acts fail: a full disk, a row it cannot read.

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

}  // namespace
}  // namespace davit::embedded::test
