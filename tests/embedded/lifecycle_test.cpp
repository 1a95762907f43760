#include <sys/stat.h>

#include "embedded/engine_fixture.hpp"

namespace davit::embedded::test {
namespace {

using engine::ContainerState;

class Lifecycle : public EngineTest {};

TEST_F(Lifecycle, ReadsStartNothing) {
  EXPECT_TRUE(run(engine_->observe()).containers.empty());
  EXPECT_FALSE(engine_->is_alive());
  EXPECT_FALSE(fs::exists(paths_.folder()));
}

TEST_F(Lifecycle, RunsAProgramToItsEndAndKeepsItsCodeAndOutput) {
  const ContainerId id = create(shell("job", "echo out; echo err >&2; exit 3"));
  EXPECT_EQ(look(id).state, ContainerState::Created);
  run(engine_->start_container(id));
  EXPECT_EQ(until_event(id, "die").attributes.at("exitCode"), "3");
  const engine::ObservedContainer seen = look(id);
  EXPECT_EQ(seen.state, ContainerState::Exited);
  EXPECT_EQ(seen.exit_code, 3);
  EXPECT_EQ(seen.pid, 0);
  EXPECT_NE(logged(id).find("stdout F out\n"), std::string::npos) << logged(id);
  EXPECT_NE(logged(id).find("stderr F err\n"), std::string::npos) << logged(id);
}

TEST_F(Lifecycle, ACommandThatDoesNotExistIsAnErrorWithDockersCode) {
  const ContainerId id = create(spec("bad", {"/no/such/program"}));
  try {
    run(engine_->start_container(id));
    FAIL() << "it started";
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), 127);
    EXPECT_NE(std::string(error.what()).find("/no/such/program"), std::string::npos) << error.what();
  }
  EXPECT_EQ(look(id).state, ContainerState::Created);
  EXPECT_FALSE(look(id).error.empty());
  EXPECT_TRUE(fs::exists(as_keeper_sees(paths_.bundles())));
  EXPECT_FALSE(fs::exists(as_keeper_sees(paths_.bundle(id))));
}

TEST_F(Lifecycle, AContainersOwnLayerIsEmptyUntilItWrites) {
  const ContainerId id = start(shell("idle", "echo ready; sleep 1000"));
  until_logged(id, "ready");
  EXPECT_TRUE(fs::is_empty(paths_.container(id) + "/upper"));
  EXPECT_TRUE(fs::exists("/proc/" + std::to_string(look(id).pid) + "/root/etc/hosts"));
  EXPECT_TRUE(fs::exists("/proc/" + std::to_string(look(id).pid) + "/root/.dockerenv"));
}

TEST_F(Lifecycle, AnImageMayHaveTheSameLayerTwice) {
  {
    image::ImageStore store = image::ImageStore::open(options_.data_root);
    image::StagedLayer with = store.new_layer_dir();
    std::ofstream(with.fs() / "again") << "here\n";
    image::StagedLayer without = store.new_layer_dir();
    ASSERT_EQ(::mknod((without.fs() / "again").c_str(), S_IFCHR, 0), 0) << "a whiteout";
    const std::string added = store.adopt_layer(std::move(with)).diff_id;
    image::ImageConfig config = store.find(image_)->config;
    config.diff_ids.insert(config.diff_ids.end(), {added, store.adopt_layer(std::move(without)).diff_id, added});
    image_ = store.create_image(config);
  }
  const ContainerId id = start(shell("again", "cat /again"));
  until_event(id, "die");
  EXPECT_NE(logged(id).find("stdout F here\n"), std::string::npos) << logged(id);
}

TEST_F(Lifecycle, StopsByTheStopSignal) {
  const ContainerId id = start(shell("polite", "trap 'exit 5' TERM; echo ready; while :; do sleep 0.05; done"));
  EXPECT_EQ(look(id).state, ContainerState::Running);
  until_logged(id, "ready");  // the handler is there when the line is
  run(engine_->stop_container(id, {}));
  EXPECT_EQ(look(id).exit_code, 5);
}

TEST_F(Lifecycle, KillsAtOnceWhatCannotReceiveTheSignalAndSaysWhy) {
  const ContainerId id = start(spec("deaf", {"/bin/sleep", "1000"}));
  run(engine_->stop_container(id, {}));
  EXPECT_EQ(look(id).exit_code, 137);
  EXPECT_NE(until_event(id, "kill").attributes.at("reason").find("no handler for SIGTERM"), std::string::npos);
}

TEST_F(Lifecycle, KillsAfterTheGracePeriod) {
  const ContainerId id = start(shell("stubborn", "trap : TERM; echo ready; while :; do sleep 0.05; done"));
  until_logged(id, "ready");
  run(engine_->stop_container(id, {50ms}));
  EXPECT_EQ(look(id).exit_code, 137);
}

// util-linux's su in a few lines: it passes SIGTERM on, waits for its session, and then for something that a second
// SIGTERM ends.
TEST_F(Lifecycle, SuIsWokenWhenItsSessionHasEnded) {
  const ContainerId id = start(shell("wrapped", R"(
/bin/busybox mkfifo /tmp/never
cat > /tmp/su <<'END'
#!/bin/sh
terms=0
trap 'terms=$((terms + 1))' TERM
exec 3<>/tmp/never
/bin/sh -c 'trap "exit 0" TERM; echo ready; while :; do sleep 0.05; done' &
wait
kill $!
wait
while [ $terms -lt 2 ]; do read line <&3; done
exit 143
END
/bin/busybox chmod 755 /tmp/su
exec /tmp/su
)"));
  until_logged(id, "ready");
  run(engine_->stop_container(id, {50s}));
  EXPECT_EQ(look(id).exit_code, 143);
}

TEST_F(Lifecycle, RestartsByPolicyUntilItGivesUp) {
  engine::ContainerSpec wanted = shell("flaky", "exit 1");
  wanted.restart = {engine::RestartPolicy::Mode::OnFailure, 2};
  const ContainerId id = start(std::move(wanted));
  std::int64_t since = 0;
  for (int runs = 0; runs < 3; ++runs) since = until_event(id, "die", since).id;
  EXPECT_EQ(look(id).state, ContainerState::Exited);
  EXPECT_EQ(look(id).restart_count, 2);
}

TEST_F(Lifecycle, AStopEndsRestarting) {
  engine::ContainerSpec wanted = shell("eager", "exit 1");
  wanted.restart = {engine::RestartPolicy::Mode::Always, 0};
  const ContainerId id = start(std::move(wanted));
  until_event(id, "die");
  run(engine_->stop_container(id, {}));
  EXPECT_EQ(look(id).state, ContainerState::Exited);
  // Whoever follows the events hears of an end for good: at the stop, or before it if it was just running again.
  bool for_good = false;
  for (const auto& event : run(engine_->next_events(0))) {
    if (event.action == "start") for_good = false;
    if (event.attributes.contains("exitCode")) for_good = !event.attributes.contains("restarting");
  }
  EXPECT_TRUE(for_good);
}

TEST_F(Lifecycle, PausesAndGoesOn) {
  const ContainerId id = start(spec("calm", {"/bin/sleep", "1000"}));
  run(engine_->pause_container(id));
  EXPECT_EQ(look(id).state, ContainerState::Paused);
  run(engine_->unpause_container(id));
  EXPECT_EQ(look(id).state, ContainerState::Running);
  run(engine_->pause_container(id));
  run(engine_->stop_container(id, {}));
  EXPECT_EQ(look(id).state, ContainerState::Exited);
}

TEST_F(Lifecycle, RenamesAndRefusesANameInUse) {
  const ContainerId a = create(spec("a", {"/bin/true"}));
  const ContainerId b = create(spec("b", {"/bin/true"}));
  run(engine_->rename_container(a, options_.project + "-c"));
  EXPECT_EQ(look(a).name, options_.project + "-c");
  EXPECT_THROW(run(engine_->rename_container(b, options_.project + "-c")), Error);
  try {
    create(spec("b", {"/bin/true"}));
    ADD_FAILURE() << "two containers of one name";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(b.str()), std::string::npos) << "names the holder: " << error.what();
  }
}

TEST_F(Lifecycle, RefusesToRemoveWhatRuns) {
  const ContainerId id = start(spec("busy", {"/bin/sleep", "1000"}));
  EXPECT_THROW(run(engine_->remove_container(id, engine::WithVolumes::No)), Error);
  run(engine_->stop_container(id, {}));
  run(engine_->remove_container(id, engine::WithVolumes::No));
  EXPECT_TRUE(run(engine_->observe()).containers.empty());
  EXPECT_FALSE(fs::exists(paths_.container(id)));
}

TEST_F(Lifecycle, AnonymousVolumesAreFilledInheritedAndRemoved) {
  engine::ContainerSpec wanted = shell("store", "cat /data/from-image; echo kept > /data/more");
  wanted.mounts = {{.kind = engine::Mount::Kind::Volume, .target = "/data"}};
  const ContainerId first = start(wanted);
  until_event(first, "die");
  EXPECT_NE(logged(first).find("F image"), std::string::npos) << logged(first);
  const std::string volume = look(first).mounts.at(0).source;
  EXPECT_TRUE(fs::exists(paths_.volume_data(volume) + "/more"));

  wanted.name += "-next";
  wanted.args.back() = "cat /data/more";
  const ContainerId second = run(engine_->create_container(wanted, {first}));
  run(engine_->remove_container(first, engine::WithVolumes::Anonymous));
  EXPECT_TRUE(fs::exists(paths_.volume_data(volume))) << "the new one has taken it over";
  run(engine_->start_container(second));
  until_event(second, "die");
  EXPECT_NE(logged(second).find("F kept"), std::string::npos);
  run(engine_->remove_container(second, engine::WithVolumes::Anonymous));
  EXPECT_FALSE(fs::exists(paths_.volume(volume)));
}

TEST_F(Lifecycle, FoldersOfContainersAndVolumesAreNobodyElses) {
  fs::permissions(options_.data_root, fs::perms(0755));
  for (const char* const name : {"/containers", "/volumes"}) {
    fs::create_directories(options_.data_root + name);
    fs::permissions(options_.data_root + name, fs::perms(0755));
  }
  run(engine_->create_volume({.name = "v" + options_.project, .project = options_.project}));
  for (const std::string& folder : {paths_.containers(), paths_.volumes()})
    EXPECT_EQ(fs::status(folder).permissions(), fs::perms(0700)) << folder;
  run(engine_->remove_volume("v" + options_.project));
  EXPECT_TRUE(fs::is_empty(paths_.volumes()));
}

TEST_F(Lifecycle, AnIpcNamespaceIsJoinedOnlyWhereItIsLent) {
  const ContainerId shut = start(spec("shut", {"/bin/sleep", "1000"}));
  engine::ContainerSpec refused = shell("refused", "true");
  refused.ipc_mode = "container:" + shut.str();
  const ContainerId id = create(std::move(refused));
  try {
    run(engine_->start_container(id));
    ADD_FAILURE() << "it started";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("which does not share it"), std::string::npos) << error.what();
  }
}

/// This process in a group of its own, as one that a unit of systemd has started.
class Unit {
 public:
  Unit() {
    EXPECT_TRUE(fs::create_directory(folder_));
    join(folder_);
  }
  ~Unit() { leave(); }
  /// Back to the root, and the group away: false if a process is left in it.
  bool leave() {
    if (left_) return true;
    join(base_);
    left_ = ::rmdir(folder_.c_str()) == 0;
    return left_;
  }
  [[nodiscard]] std::string processes() const {
    std::ifstream in(folder_ + "/cgroup.procs");
    return {std::istreambuf_iterator<char>(in), {}};
  }

 private:
  static void join(const std::string& folder) {
    std::ofstream procs(folder + "/cgroup.procs");
    procs << 0 << std::flush;
    EXPECT_TRUE(procs.good()) << folder;
  }
  std::string base_ = fs::exists("/sys/fs/cgroup/systemd") ? "/sys/fs/cgroup/systemd" : "/sys/fs/cgroup";
  std::string folder_ = base_ + "/davit-test-unit-" + std::to_string(::getpid());
  bool left_ = false;
};

TEST_F(Lifecycle, OutlivesTheControlGroupOfWhoeverStartedIt) {
  Unit unit;
  const ContainerId id = start(spec("long", {"/bin/sleep", "1000"}));
  EXPECT_TRUE(unit.leave()) << "in there is " << unit.processes();
  EXPECT_EQ(look(id).state, engine::ContainerState::Running);
}

TEST_F(Lifecycle, ExecRunsInTheContainerWithItsExitCode) {
  const ContainerId id = start(spec("host", {"/bin/sleep", "1000"}));
  EXPECT_EQ(exec(id, {"/bin/sh", "-c", "exit 42"}), 42);
  EXPECT_EQ(exec(id, {"/bin/test", "-e", "/data/from-image"}), 0);
  try {
    exec(id, {"/no/such/program"});
    FAIL() << "it ran";
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), 127);
    EXPECT_NE(std::string(error.what()).find("/no/such/program"), std::string::npos) << error.what();
  }
}

TEST_F(Lifecycle, AttachedStdinReachesTheProgramAndItsEndToo) {
  engine::ContainerSpec wanted = spec("reader", {"/bin/cat"});
  wanted.stdin_open = true;
  const ContainerId id = start(std::move(wanted));
  auto stdin_stream = run(engine_->attach_stdin(id));
  run(stdin_stream->write("hello\n"));
  run(stdin_stream->close());
  EXPECT_EQ(until_event(id, "die").attributes.at("exitCode"), "0");
  EXPECT_NE(logged(id).find("F hello\n"), std::string::npos) << logged(id);
}

TEST_F(Lifecycle, ATerminalHasASizeAndALog) {
  engine::ContainerSpec wanted = shell("screen", "read line; stty size; echo got $line");
  wanted.tty = true;
  wanted.stdin_open = true;
  const ContainerId id = start(std::move(wanted));
  run(engine_->resize_terminal(id, 97, 31));
  auto stdin_stream = run(engine_->attach_stdin(id));
  run(stdin_stream->write("word\n"));
  until_event(id, "die");
  EXPECT_NE(logged(id).find("31 97"), std::string::npos) << logged(id);
  EXPECT_NE(logged(id).find("got word"), std::string::npos) << logged(id);
}

TEST_F(Lifecycle, ProbesUntilHealthy) {
  engine::ContainerSpec wanted = shell("probed", "sleep 0.2; echo x > /tmp/ok; sleep 1000");
  wanted.healthcheck = engine::Healthcheck{.test = {"CMD-SHELL", "echo checked; test -e /tmp/ok"}};
  const ContainerId id = start(std::move(wanted));
  EXPECT_EQ(look(id).health, engine::Health::Starting);
  until_event(id, "health_status: healthy");
  const engine::ObservedContainer seen = look(id);
  EXPECT_EQ(seen.health, engine::Health::Healthy);
  ASSERT_FALSE(seen.probes.empty());
  EXPECT_EQ(seen.probes.back().output, "checked\n");
}

TEST_F(Lifecycle, SecretsWithGivenContentAreNotStored) {
  engine::ContainerSpec wanted = shell("vault", "cat /run/secrets/key");
  wanted.files = {
      {.kind = engine::FileMount::Kind::Secret, .name = "key", .content = "open-sesame", .target = "/run/secrets/key"}};
  const ContainerId id = start(std::move(wanted));
  until_event(id, "die");
  EXPECT_NE(logged(id).find("open-sesame"), std::string::npos) << logged(id);
  for (const char* suffix : {"", "-wal"}) {
    std::ifstream in(paths_.database() + suffix, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    EXPECT_EQ(bytes.find("open-sesame"), std::string::npos) << suffix;
  }
}

TEST_F(Lifecycle, EndsWithTheLastContainerAndLeavesNoFolder) {
  const ContainerId id = start(spec("last", {"/bin/sleep", "1000"}));
  EXPECT_TRUE(engine_->is_alive());
  run(engine_->stop_container(id, {}));
  run(engine_->remove_container(id, engine::WithVolumes::No));
  run(engine_->close());
  EXPECT_FALSE(engine_->is_alive());
  EXPECT_FALSE(fs::exists(paths_.folder()));
}

TEST_F(Lifecycle, AutoRemoveRemovesAfterTheEnd) {
  engine::ContainerSpec wanted = spec("once", {"/bin/true"});
  wanted.auto_remove = true;
  const ContainerId id = start(std::move(wanted));
  until_event(id, "destroy");
  EXPECT_TRUE(run(engine_->observe()).containers.empty());
}

}  // namespace
}  // namespace davit::embedded::test
