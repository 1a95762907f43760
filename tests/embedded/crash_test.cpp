// kill -9 of parts, and of everything.

#include "davit/logs/assembler.hpp"
#include "embedded/engine_fixture.hpp"

namespace davit::embedded::test {
namespace {

using engine::ContainerState;

class Crash : public EngineTest {
 protected:
  void kill_supervisor() {
    const pid_t pid = supervisor_pid();
    ASSERT_GT(pid, 0);
    ASSERT_EQ(::kill(pid, SIGKILL), 0);
  }
};

TEST_F(Crash, ContainersOutliveTheirSupervisor) {
  const ContainerId id = start(spec("steady", {"/bin/sleep", "1000"}));
  const std::int64_t pid = look(id).pid;
  kill_supervisor();
  EXPECT_EQ(look(id).pid, pid);
  EXPECT_EQ(look(id).state, ContainerState::Running);
  EXPECT_EQ(exec(id, {"/bin/true"}), 0);
  run(engine_->stop_container(id, {}));
  EXPECT_EQ(look(id).exit_code, 137);
}

TEST_F(Crash, ExitCodesOfTheMeantimeAreKept) {
  engine::ContainerSpec wanted = shell("brief", "read line; exit 23");
  wanted.stdin_open = true;
  const ContainerId id = start(std::move(wanted));
  const pid_t supervisor = supervisor_pid();
  auto stdin_stream = run(engine_->attach_stdin(id));
  // Stopped, the supervisor passes the line on and then sees no exit before it is killed.
  run(stdin_stream->write("go\n"));
  ASSERT_EQ(::kill(supervisor, SIGKILL), 0);
  run(engine_->observe());
  if (look(id).state == ContainerState::Running) {  // killed before it passed the line on
    stdin_stream = run(engine_->attach_stdin(id));
    run(stdin_stream->write("go\n"));
  }
  EXPECT_EQ(until_event(id, "die").attributes.at("exitCode"), "23");
}

TEST_F(Crash, EveryLineArrivesOnceAndInOrder) {
  const ContainerId id = start(spec("flood", {"/bin/seq", "1", "300000"}));
  for (int kills = 0; kills < 3; ++kills) {
    kill_supervisor();
    look(id);  // answered by the next one
  }
  until_event(id, "die");
  int expected = 1;
  std::ifstream in(paths_.logs(id) + "/000001.log");
  logs::LineAssembler assembler;  // a batch may end within a line
  logs::TimestampText scratch{};
  for (std::string text; std::getline(in, text);) {
    const auto line = assembler.add(logs::parse_record(text, scratch));
    if (!line) continue;
    ASSERT_EQ(line->text, std::to_string(expected)) << "line " << expected;
    ++expected;
  }
  EXPECT_EQ(expected, 300001);
}

TEST_F(Crash, NamesPortsAndHealthComeBack) {
  run(engine_->create_network(network("default")));
  engine::ContainerSpec wanted = on_network("default", spec("web", {"/bin/sleep", "1000"}));
  wanted.ports = {{.container_port = 80}};
  wanted.healthcheck = engine::Healthcheck{.test = {"CMD", "/bin/true"}, .interval = 20ms};
  const ContainerId id = start(std::move(wanted));
  until_event(id, "health_status: healthy");
  const auto ports = look(id).ports;
  const auto networks = look(id).networks;
  EXPECT_FALSE(ports.empty());
  kill_supervisor();
  EXPECT_EQ(look(id).ports, ports);
  EXPECT_EQ(look(id).networks, networks);
  EXPECT_EQ(look(id).health, engine::Health::Healthy);
  EXPECT_EQ(exec(id, {"/bin/sh", "-c", "nslookup web >/dev/null"}), 0);
  const auto probes = look(id).probes;
  const auto limit = std::chrono::steady_clock::now() + kLimit;
  while (look(id).probes == probes) ASSERT_LT(std::chrono::steady_clock::now(), limit) << "it is not probed any more";
}

TEST_F(Crash, SecretsSurviveForTheNextRun) {
  engine::ContainerSpec wanted = shell("vault", "cat /run/secrets/key");
  wanted.files = {{.kind = engine::FileMount::Kind::Secret, .name = "key", .content = "open-sesame", .target = "/run/secrets/key"}};
  const ContainerId id = start(std::move(wanted));
  const std::int64_t first = until_event(id, "die").id;
  kill_supervisor();
  run(engine_->start_container(id));
  EXPECT_EQ(until_event(id, "die", first).attributes.at("exitCode"), "0");
}

TEST_F(Crash, ASupervisorWhoseStarterDiedOnItsWayEnds) {
  fs::create_directories(paths_.folder());
  process::Command command;
  command.argv = {options_.keeper_program, "--folder", paths_.folder(), "--"};
  command.argv.insert(command.argv.end(), options_.supervisor_command.begin(), options_.supervisor_command.end());
  ASSERT_EQ(run(process::run(timers_, std::move(command))).code, 0);
  until_dead();
  EXPECT_FALSE(fs::exists(paths_.folder()));
}

TEST_F(Crash, AfterTheEndOfEverythingCleanUpFindsWhatIsLeft) {
  run(engine_->create_network(network("default")));
  const ContainerId id = start(on_network("default", spec("orphan", {"/bin/sleep", "1000"})));
  const auto pid = static_cast<pid_t>(look(id).pid);
  kill_everything();
  until_dead();
  EXPECT_FALSE(is_gone(pid)) << "the container runs on";
  EXPECT_EQ(look(id).state, ContainerState::Exited) << "nobody can do anything with it";
  EXPECT_TRUE(look(id).unsupervised) << "reads tell the truth without a supervisor";
  run(clean());
  until_dead();
  EXPECT_TRUE(is_gone(pid));
  EXPECT_FALSE(look(id).unsupervised);
  expect_nothing_left();
  EXPECT_EQ(look(id).state, ContainerState::Exited);
  run(engine_->start_container(id));  // and the project can go on
  EXPECT_EQ(look(id).state, ContainerState::Running);
}

TEST_F(Crash, ANewKeeperEndsWhatTheLastOneLost) {
  const ContainerId id = start(spec("lost", {"/bin/sleep", "1000"}));
  const auto pid = static_cast<pid_t>(look(id).pid);
  kill_everything();
  until_dead();
  run(engine_->start_container(id));
  EXPECT_EQ(look(id).state, ContainerState::Running);
  EXPECT_NE(look(id).pid, pid);
}

}  // namespace
}  // namespace davit::embedded::test
