// What goes wrong with one step of a container's end, or of its start, keeps no other step from being done.

#include "davit/state/containers.hpp"
#include "embedded/engine_fixture.hpp"

namespace davit::embedded::test {
namespace {

using engine::ContainerState;

class BrokenEnd : public EngineTest {
 protected:
  state::Database database() const { return state::Database::open(paths_.database()); }
  state::Container row(const ContainerId& id) const {
    state::Database opened = database();
    return state::Containers(opened).find(id).value();
  }

  bool eventually(const std::function<bool()>& check) {
    const auto limit = std::chrono::steady_clock::now() + kLimit;
    while (!check()) {
      if (std::chrono::steady_clock::now() > limit) return false;
      ::usleep(1000);
    }
    return true;
  }

  /// Runs until its input comes.
  engine::ContainerSpec waiting(const std::string& name, const std::string& then) const {
    engine::ContainerSpec wanted = shell(name, "read line; " + then);
    wanted.stdin_open = true;
    return wanted;
  }
  void let_end(const ContainerId& id) {
    const auto stream = run(engine_->attach_stdin(id));
    run(stream->write("go\n"));
  }
  bool is_cleared(const ContainerId& id) const {
    const container::Cgroups cgroups(container::detect_host().cgroups);
    return !cgroups.exists(paths_.cgroup(id)) && !fs::exists(as_keeper_sees(paths_.bundle(id)));
  }
  void kill_supervisor() {
    const pid_t pid = supervisor_pid();
    ASSERT_GT(pid, 0);
    ASSERT_EQ(::kill(pid, SIGKILL), 0);
  }
};

TEST_F(BrokenEnd, AnEndThatCannotBeWrittenIsOneAllTheSameAndIsWrittenLater) {
  const ContainerId id = start(waiting("job", "exit 23"));
  refuse("INSERT ON events WHEN NEW.kind='die'");
  let_end(id);
  const engine::Readiness ready = run(engine_->await_ready(id, {}));
  EXPECT_EQ(ready.outcome, engine::Readiness::Outcome::Ended) << "who waits in the supervisor is told";
  EXPECT_TRUE(eventually([&] { return look(id).state == ContainerState::Exited && is_cleared(id); }));
  EXPECT_EQ(look(id).exit_code, 23);
  EXPECT_EQ(row(id).state, state::ContainerState::Running) << "or it was written after all";
  refuse_no_more();
  EXPECT_EQ(until_event(id, "die").attributes.at("exitCode"), "23") << "who follows the events is told";
  EXPECT_EQ(row(id).state, state::ContainerState::Exited);
  EXPECT_EQ(row(id).exit_code, 23);
}

TEST_F(BrokenEnd, AnEndThatCouldNotBeWrittenOutlivesItsSupervisor) {
  const ContainerId id = start(waiting("job", "exit 23"));
  refuse("INSERT ON events WHEN NEW.kind='die'");
  let_end(id);
  EXPECT_TRUE(eventually([&] { return look(id).state == ContainerState::Exited && is_cleared(id); }));
  kill_supervisor();
  EXPECT_TRUE(eventually([&] { return look(id).state == ContainerState::Exited; })) << "the keeper tells of it again";
  EXPECT_EQ(look(id).exit_code, 23);
  refuse_no_more();
  EXPECT_EQ(until_event(id, "die").attributes.at("exitCode"), "23");
}

TEST_F(BrokenEnd, TheRestartPolicyActsAndNothingIsLost) {
  engine::ContainerSpec wanted = waiting("again", "exit 9");
  wanted.restart.mode = engine::RestartPolicy::Mode::Always;
  const ContainerId id = start(std::move(wanted));
  const std::int64_t pid = look(id).pid;
  refuse("INSERT ON events WHEN NEW.kind='die' AND NEW.subject='" + id.str() + "'");
  let_end(id);
  // What tells of a new run tells of the end before it, too: as long as that is refused, no run can begin.
  EXPECT_TRUE(eventually([&] { return look(id).restart_count >= 3; })) << "one failure, and it is not tried again";
  EXPECT_NE(look(id).state, ContainerState::Running);
  EXPECT_NE(look(id).error.find("refused by the test"), std::string::npos) << look(id).error;
  refuse_no_more();
  EXPECT_TRUE(eventually([&] { return look(id).state == ContainerState::Running && look(id).pid != pid; }));
  const engine::Event end = until_event(id, "die");
  EXPECT_EQ(end.attributes.at("exitCode"), "9");
  const engine::Event failure = until_event(id, "start-failed", end.id);
  EXPECT_TRUE(failure.attributes.contains("restarting"));
  until_event(id, "start", failure.id);
}

TEST_F(BrokenEnd, RestartsThatFailCountAndTheLastOneIsToldAsTheEnd) {
  engine::ContainerSpec wanted = waiting("again", "exit 9");
  wanted.restart = {engine::RestartPolicy::Mode::OnFailure, 2};
  const ContainerId id = start(std::move(wanted));
  refuse("INSERT ON events WHEN NEW.kind='start' AND NEW.subject='" + id.str() + "'");
  let_end(id);
  const engine::Event first = until_event(id, "start-failed");
  EXPECT_TRUE(first.attributes.contains("restarting"));
  const engine::Event last = until_event(id, "start-failed", first.id);
  EXPECT_FALSE(last.attributes.contains("restarting"));
  EXPECT_EQ(last.attributes.at("exitCode"), "128");
  EXPECT_EQ(look(id).state, ContainerState::Exited);
  EXPECT_EQ(look(id).restart_count, 2);
}

TEST_F(BrokenEnd, AStopBetweenFailedRestartsEndsThem) {
  engine::ContainerSpec wanted = waiting("again", "exit 9");
  wanted.restart.mode = engine::RestartPolicy::Mode::Always;
  const ContainerId id = start(std::move(wanted));
  refuse("INSERT ON events WHEN NEW.kind='start' AND NEW.subject='" + id.str() + "'");
  let_end(id);
  const std::int64_t failure = until_event(id, "start-failed").id;
  run(engine_->stop_container(id, {}));
  EXPECT_EQ(look(id).state, ContainerState::Exited);
  until_event(id, "stop", failure);
}

TEST_F(BrokenEnd, LinksGoThoughNamesCannotBeRead) {
  run(engine_->create_network(network("default")));
  const ContainerId other = start(on_network("default", spec("other", {"/bin/sleep", "1000"})));
  const auto links = network::links_of(paths_.scope());
  engine::ContainerSpec wanted = on_network("default", waiting("job", "exit 3"));
  wanted.ports = {{.container_port = 80}};
  const ContainerId id = start(std::move(wanted));
  ASSERT_NE(network::links_of(paths_.scope()).size(), links.size());
  database().run("ALTER TABLE networks RENAME TO networks_elsewhere");
  let_end(id);
  EXPECT_EQ(until_event(id, "die").attributes.at("exitCode"), "3");
  EXPECT_TRUE(eventually([&] { return is_cleared(id); }));
  EXPECT_TRUE(eventually([&] { return network::links_of(paths_.scope()).size() == links.size(); }));
  database().run("ALTER TABLE networks_elsewhere RENAME TO networks");
  EXPECT_EQ(look(id).state, ContainerState::Exited);
  EXPECT_TRUE(look(id).ports.empty());
}

TEST_F(BrokenEnd, EverythingElseGoesThoughAddressesCannotBeGivenBack) {
  run(engine_->create_network(network("default")));
  const ContainerId id = start(on_network("default", waiting("job", "exit 3")));
  refuse("DELETE ON leases");
  let_end(id);
  EXPECT_EQ(until_event(id, "die").attributes.at("exitCode"), "3");
  EXPECT_TRUE(eventually([&] { return is_cleared(id); }));
  EXPECT_EQ(row(id).state, state::ContainerState::Exited);
  refuse_no_more();
  run(engine_->start_container(id));
  EXPECT_EQ(look(id).state, ContainerState::Running) << "with the address it still had";
}

TEST_F(BrokenEnd, AStartThatCannotBeWrittenIsUndone) {
  const ContainerId id = create(spec("job", {"/bin/sleep", "1000"}));
  refuse("UPDATE ON containers WHEN NEW.state='running'");
  EXPECT_THROW(run(engine_->start_container(id)), Error);
  EXPECT_TRUE(is_cleared(id)) << "it would run without anybody knowing";
  EXPECT_EQ(look(id).state, ContainerState::Created);
  refuse_no_more();
  run(engine_->start_container(id));
  EXPECT_EQ(look(id).state, ContainerState::Running);
}

TEST_F(BrokenEnd, ProbingGoesOnThoughAResultCannotBeWritten) {
  engine::ContainerSpec wanted = shell("probed", "sleep 1000");
  wanted.healthcheck =
      engine::Healthcheck{.test = {"CMD", "/bin/test", "!", "-e", "/sick"}, .interval = 10ms, .retries = 1};
  const ContainerId id = start(std::move(wanted));
  until_event(id, "health_status: healthy");
  refuse("UPDATE ON containers");
  ASSERT_EQ(exec(id, {"/bin/sh", "-c", ": > /sick"}), 0);
  until_said("cannot write the health of container '" + options_.project + "-probed-1'");
  EXPECT_TRUE(eventually([&] { return look(id).health == engine::Health::Unhealthy; }));
  refuse_no_more();
  until_event(id, "health_status: unhealthy");
}

}  // namespace
}  // namespace davit::embedded::test
