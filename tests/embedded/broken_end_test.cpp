// What goes wrong with one step of a container's end, or of its start, keeps no other step from being done.

#include "davit/state/containers.hpp"
#include "embedded/engine_fixture.hpp"

namespace davit::embedded::test {
namespace {

using engine::ContainerState;

class BrokenEnd : public EngineTest {
 protected:
  /// Makes the database refuse something, until mend().
  void refuse(const std::string& when) {
    database().run("CREATE TRIGGER refused BEFORE " + when + " BEGIN SELECT RAISE(ABORT, 'refused by the test'); END");
  }
  void mend() { database().run("DROP TRIGGER refused"); }

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
  mend();
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
  mend();
  EXPECT_EQ(until_event(id, "die").attributes.at("exitCode"), "23");
}

TEST_F(BrokenEnd, TheRestartPolicyActsAndNothingIsLost) {
  engine::ContainerSpec wanted = waiting("again", "exit 9");
  wanted.restart.mode = engine::RestartPolicy::Mode::Always;
  const ContainerId id = start(std::move(wanted));
  const std::int64_t pid = look(id).pid;
  refuse("INSERT ON events WHEN NEW.kind='die' AND NEW.subject='" + id.str() + "'");
  let_end(id);
  EXPECT_TRUE(eventually([&] { return look(id).state != ContainerState::Running || look(id).pid != pid; }));
  mend();
  EXPECT_TRUE(eventually([&] { return look(id).state == ContainerState::Running && look(id).pid != pid; }));
  EXPECT_EQ(until_event(id, "die").attributes.at("exitCode"), "9");
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
  mend();
  run(engine_->start_container(id));
  EXPECT_EQ(look(id).state, ContainerState::Running) << "with the address it still had";
}

TEST_F(BrokenEnd, AStartThatCannotBeWrittenIsUndone) {
  const ContainerId id = create(spec("job", {"/bin/sleep", "1000"}));
  refuse("UPDATE ON containers WHEN NEW.state='running'");
  EXPECT_THROW(run(engine_->start_container(id)), Error);
  EXPECT_TRUE(is_cleared(id)) << "it would run without anybody knowing";
  EXPECT_EQ(look(id).state, ContainerState::Created);
  mend();
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
  EXPECT_TRUE(eventually([&] { return look(id).health == engine::Health::Unhealthy; }));
  mend();
  until_event(id, "health_status: unhealthy");
}

}  // namespace
}  // namespace davit::embedded::test
