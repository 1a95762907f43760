// kill -9 of parts, and of everything.

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "davit/async/offload.hpp"
#include "davit/async/task_group.hpp"
#include "davit/logs/assembler.hpp"
#include "davit/state/containers.hpp"
#include "embedded/container_folders.hpp"
#include "embedded/engine_fixture.hpp"
#include "embedded/http_client.hpp"
#include "embedded/leftover_programs.hpp"
#include "embedded/volume_folders.hpp"
#include "support/named_pipe.hpp"

namespace davit::embedded::test {
namespace {

using engine::ContainerState;

class Crash : public EngineTest {
 protected:
  /// With an id that is chosen: supervisors take up containers in the order of their ids.
  ContainerId create_as(char digit, const engine::ContainerSpec& spec) {
    const ContainerId id(std::string(64, digit));
    HttpClient client(paths_.socket());
    HttpRequest request{"POST", "/v1/containers/" + id.str() + "/create", {}, engine::to_json(spec)};
    const HttpClient::Reply reply = run(client.request(std::move(request)));
    EXPECT_TRUE(reply.response && reply.response->status == 200U);
    return id;
  }

  /// crun, after a command of the shell.
  std::string runtime_that_first_does(char name, const std::string& command) const {
    std::string path = temp_.path() / (std::string("runtime-") + name);
    std::ofstream(path) << "#!/bin/sh\n" << command << "\nexec crun \"$@\"\n";
    fs::permissions(path, fs::perms::owner_all);
    return path;
  }

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

/// A runtime that stops itself once, at the point of a start that a test names, and then does its work.
class StartedHalfWay : public Crash {
 public:
  enum class Point { BeforeTheRuntime, BetweenCreateAndStart, AfterTheRuntime };

 protected:
  std::string stopping_runtime(Point point) const {
    const std::string path = temp_.path() / "runtime";
    std::ofstream out(path);
    const std::string stop =
        "if [ -e " + mark() + " ]; then rm " + mark() + "; echo $$ > " + stopped() + "; kill -STOP $$; fi";
    out << "#!/bin/sh\ncase \" $* \" in *davit-check*) exec crun \"$@\";; *' run '*) ;; *) exec crun \"$@\";; esac\n";
    if (point == Point::BeforeTheRuntime) out << stop << "\nexec crun \"$@\"\n";
    if (point == Point::BetweenCreateAndStart) out << in_two_steps(stop);
    if (point == Point::AfterTheRuntime) out << "crun \"$@\"; code=$?\n" << stop << "\nexit $code\n";
    out.close();
    fs::permissions(path, fs::perms::owner_all);
    return path;
  }

  /// As 'run --detach' does it inside, but as two programs.
  static std::string in_two_steps(const std::string& stop) {
    return R"(first=yes
for word; do
  if [ $first ]; then set --; first=; fi
  [ "$last" = --root ] && root=$word
  case $word in
    run) set -- "$@" create;;
    --detach) ;;
    *) set -- "$@" "$word";;
  esac
  last=$word
done
crun "$@" || exit $?
)" + stop + "\nexec crun --cgroup-manager=cgroupfs --root \"$root\" start \"$last\"\n";
  }

  /// A one-shot job's command, which says when it runs, and when it runs beside itself: it sees all processes.
  engine::ContainerSpec job(Point point) {
    fs::create_directories(shared());
    std::ofstream(shared() + "/runs").close();
    engine::ContainerSpec wanted =
        shell("job",
              "while read pid; do [ -z \"$(cat /proc/$pid/cmdline)\" ] || echo twice >>/shared/overlaps; done "
              "</shared/runs; echo $$ >>/shared/runs; exec sleep 1000");
    wanted.pid_mode = "host";
    wanted.runtime = stopping_runtime(point);
    engine::Mount mount;
    mount.kind = engine::Mount::Kind::Bind;
    mount.source = shared();
    mount.target = "/shared";
    wanted.mounts = {mount};
    return wanted;
  }
  std::size_t lines_of(const std::string& file) const {
    std::ifstream in(shared() + "/" + file);
    std::size_t count = 0;
    for (std::string line; std::getline(in, line);) ++count;
    return count;
  }
  void until_run(std::size_t times) const {
    davit::test::Watch watch;
    watch.folder(shared());
    ASSERT_TRUE(watch.until([&] { return lines_of("runs") >= times; }, kWait))
        << "run " << lines_of("runs") << " times";
  }

  std::string mark() const { return temp_.path() / "stop-here"; }
  std::string stopped() const { return temp_.path() / "stopped"; }
  std::string shared() const { return temp_.path() / "shared"; }

  Task<pid_t> start_and_kill(ContainerId id, std::function<void()> kill_them) {
    const davit::test::NamedPipe pipe(stopped());
    TaskGroup starting(co_await asio::this_coro::executor);
    starting.spawn(engine_->start_container(id));  // sent again when the supervisor has died
    Task<pid_t> stopping = pid_from(pipe.get());
    const std::optional<pid_t> runtime = co_await with_timeout(timers_, kLimit, std::move(stopping));
    kill_them();
    co_await starting.join();
    co_return runtime.value_or(0);
  }

  /// The command dies, too.
  Task<pid_t> stop_at_the_point(ContainerId id) {
    const davit::test::NamedPipe pipe(stopped());
    TaskGroup starting(co_await asio::this_coro::executor);
    starting.spawn(engine_->start_container(id));
    Task<pid_t> stopping = pid_from(pipe.get());
    const std::optional<pid_t> runtime = co_await with_timeout(timers_, kLimit, std::move(stopping));
    starting.cancel();
    try {
      co_await starting.join();
    } catch (const boost::system::system_error&) {
      // Cancelled, as asked.
    }
    kill_everything();
    until_dead();
    co_return runtime.value_or(0);
  }

  /// One write of a shell: a line arrives whole.
  static Task<pid_t> pid_from(int pipe) {
    asio::posix::stream_descriptor reader(co_await asio::this_coro::executor, ::fcntl(pipe, F_DUPFD_CLOEXEC, 3));
    std::array<char, 32> line{};
    const auto buffer = asio::buffer(line);
    const std::size_t size = co_await reader.async_read_some(buffer, asio::use_awaitable);
    co_return std::stoi(std::string(line.data(), size));
  }
};

struct Moment {
  const char* name;
  StartedHalfWay::Point point;
  std::size_t runs;  ///< how often a job has begun when it was started again after the end of everything
};

class StartedHalfWayAt : public StartedHalfWay, public ::testing::WithParamInterface<Moment> {};

INSTANTIATE_TEST_SUITE_P(All, StartedHalfWayAt,
                         ::testing::Values(Moment{"BeforeTheRuntime", StartedHalfWay::Point::BeforeTheRuntime, 1},
                                           Moment{"BetweenCreateAndStart", StartedHalfWay::Point::BetweenCreateAndStart,
                                                  1},
                                           Moment{"AfterTheRuntime", StartedHalfWay::Point::AfterTheRuntime, 2}),
                         [](const auto& moment) { return moment.param.name; });

/// Kills the supervisor, and lets the start go on with the next one.
TEST_P(StartedHalfWayAt, TheNextSupervisorEndsItAndRepeatsTheStart) {
  engine::ContainerSpec wanted = shell("half", "echo began; exec sleep 1000");
  wanted.runtime = stopping_runtime(GetParam().point);
  const ContainerId id = create(std::move(wanted));
  std::ofstream(mark()).close();
  const pid_t runtime = run(start_and_kill(id, [this] { ::kill(supervisor_pid(), SIGKILL); }));
  ASSERT_GT(runtime, 0) << "the runtime never came to that point";
  EXPECT_TRUE(is_gone(runtime)) << "it would go on beside the next supervisor";
  EXPECT_EQ(look(id).state, ContainerState::Running);
  const container::Cgroups cgroups(container::detect_host().cgroups);
  EXPECT_EQ(cgroups.processes(paths_.cgroup(id)).size(), 1U) << "of the second attempt alone";
  EXPECT_EQ(cgroups.processes(paths_.cgroup(id)).front(), look(id).pid);
}

/// Kills keeper and supervisor, and starts the container again with new ones.
TEST_P(StartedHalfWayAt, AJobNeverRunsBesideItselfAfterTheEndOfEverything) {
  const ContainerId id = create(job(GetParam().point));
  std::ofstream(mark()).close();
  const pid_t runtime = run(start_and_kill(id, [this] {
    if (GetParam().point == Point::AfterTheRuntime) until_run(1);
    kill_everything();
    until_dead();
  }));
  ASSERT_GT(runtime, 0) << "the runtime never came to that point";
  EXPECT_TRUE(is_gone(runtime)) << "it would go on beside the next one";
  EXPECT_EQ(look(id).state, ContainerState::Running);
  until_run(GetParam().runs);
  EXPECT_EQ(lines_of("runs"), GetParam().runs);
  EXPECT_EQ(lines_of("overlaps"), 0U) << "one run beside the other";
  const container::Cgroups cgroups(container::detect_host().cgroups);
  EXPECT_EQ(cgroups.processes(paths_.cgroup(id)), std::vector<pid_t>{static_cast<pid_t>(look(id).pid)});
}

/// Kills keeper and supervisor, and clears up as `down` does.
TEST_P(StartedHalfWayAt, NothingIsLeftAfterTheEndOfEverything) {
  run(engine_->create_network(network("default")));
  const ContainerId id = create(on_network("default", job(GetParam().point)));
  std::ofstream(mark()).close();
  const pid_t runtime = run(stop_at_the_point(id));
  ASSERT_GT(runtime, 0) << "the runtime never came to that point";
  run(clean());
  EXPECT_TRUE(is_gone(runtime)) << "it would make its container later";
  expect_nothing_left();
  EXPECT_EQ(look(id).pid, 0);
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
  wanted.healthcheck =
      engine::Healthcheck{.test = {"CMD", "/bin/test", "!", "-e", "/tmp/sick"}, .interval = 20ms, .retries = 1};
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
  EXPECT_EQ(exec(id, {"/bin/sh", "-c", "echo x > /tmp/sick"}), 0);
  until_event(id, "health_status: unhealthy");  // it is still probed
}

TEST_F(Crash, SecretsSurviveForTheNextRun) {
  engine::ContainerSpec wanted = shell("vault", "cat /run/secrets/key");
  wanted.files = {
      {.kind = engine::FileMount::Kind::Secret, .name = "key", .content = "open-sesame", .target = "/run/secrets/key"}};
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
  davit::test::Watch watch;
  watch.folder(options_.run_root);  // the keeper removes the project's folder in it as the last thing
  EXPECT_TRUE(watch.until([&] { return !fs::exists(paths_.folder()); }, kWait)) << "it does not end";
}

TEST_F(Crash, AStarterThatIsKilledLeavesTheLockToTheKeeperUntilItCanBeReached) {
  fs::create_directories(paths_.folder());
  const davit::test::NamedPipe gate(temp_.path() / "gate");
  Fd lock(::open(paths_.lock().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  ASSERT_EQ(::flock(lock.get(), LOCK_EX), 0);
  process::Command command;
  command.argv = {
      options_.keeper_program,           "--folder",           paths_.folder(), "--lock", "9", "--", "/bin/sh", "-c",
      R"(read -r go < "$0"; exec "$@")", temp_.path() / "gate"};
  command.argv.insert(command.argv.end(), options_.supervisor_command.begin(), options_.supervisor_command.end());
  command.pass = {{lock.get(), 9}};
  ASSERT_EQ(run(process::run(timers_, std::move(command))).code, 0);
  lock.reset();  // as the kernel does when the starter is killed
  const Fd other(::open(paths_.lock().c_str(), O_RDWR | O_CLOEXEC));
  EXPECT_NE(::flock(other.get(), LOCK_EX | LOCK_NB), 0) << "the next command would find nobody to talk to";
  gate.say("go");
  run(engine_->ensure_running());
  EXPECT_EQ(::flock(other.get(), LOCK_EX), 0);  // waits: it becomes free
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

TEST_F(Crash, WithoutTheDatabaseCleanUpFindsTheFilesToo) {
  const ContainerId id = start(spec("orphan", {"/bin/sleep", "1000"}));
  kill_everything();
  until_dead();
  for (const char* end : {"", "-wal", "-shm"}) fs::remove(paths_.database() + end);
  const std::vector<std::string> removed = run(cleanup_leftovers(options_, timers_));
  EXPECT_NE(std::find(removed.begin(), removed.end(), "the files of 1 container that no record names"), removed.end());
  EXPECT_FALSE(fs::exists(paths_.container(id)));
  expect_nothing_left();
}

TEST_F(Crash, FilesOfARemovedContainerGoWithTheNextSupervisor) {
  const ContainerId kept = start(spec("kept", {"/bin/sleep", "1000"}));
  const ContainerId removed(std::string(64, 'a'));  // its supervisor was killed before it removed the folder
  fs::create_directories(paths_.logs(removed));
  mark_folder(paths_, removed);
  kill_supervisor();
  EXPECT_EQ(look(kept).state, ContainerState::Running);
  davit::test::Watch watch;
  watch.folder(paths_.containers());
  EXPECT_TRUE(watch.until([&] { return !fs::exists(paths_.container(removed)); }, kWait)) << "it stays";
  EXPECT_TRUE(fs::exists(paths_.container(kept)));
}

/// A removal of a volume that is held back at the last moment before it is written.
class RemovedHalfWay : public Crash {
 protected:
  RemovedHalfWay() {
    create(spec("holds-the-project", {"/bin/true"}));
    engine::VolumeSpec wanted;
    wanted.name = volume_;
    wanted.project = options_.project;
    run(engine_->create_volume(wanted));
    std::ofstream(file()) << "mine";
  }

  [[nodiscard]] std::string file() const { return paths_.volume_data(volume_) + "/data"; }

  /// Kills the supervisor there, when the folder has lost its name.
  void kill_in_the_removal(const std::function<void()>& kill_them) {
    hold_back();
    const bool reached = run(removed_until(kill_them));
    EXPECT_TRUE(reached) << "the removal never came to that point";
    state::Database::open(paths_.database()).run("DROP TRIGGER held_back");
  }

 private:
  void hold_back() const {
    state::Database::open(paths_.database())
        .run(
            "CREATE TRIGGER held_back BEFORE INSERT ON events WHEN NEW.subject_kind='volume' AND NEW.kind='destroy' "
            "BEGIN SELECT count(*) FROM (WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM n) "
            "SELECT x FROM n); END");
  }
  /// The command dies first, or it would ask again.
  Task<bool> removed_until(std::function<void()> kill_them) {
    davit::test::Watch watch;
    watch.folder(paths_.volumes());
    TaskGroup removing(co_await asio::this_coro::executor);
    removing.spawn(engine_->remove_volume(volume_));
    WorkerPool waiting(1);
    std::function<bool()> wait = [&] {
      return watch.until([&] { return !fs::exists(paths_.volume(volume_)); }, kWait);
    };
    const bool reached = co_await waiting.call(std::move(wait));
    removing.cancel();
    try {
      co_await removing.join();
    } catch (const boost::system::system_error&) {
      // Cancelled, as asked.
    }
    kill_them();
    co_return reached;
  }

  std::string volume_ = options_.project + "_data";
};

TEST_F(RemovedHalfWay, AVolumeIsThereAgainWithTheNextSupervisor) {
  kill_in_the_removal([this] { kill_supervisor(); });
  EXPECT_EQ(run(engine_->observe()).volumes.size(), 1U);
  davit::test::Watch watch;
  watch.folder(paths_.volumes());
  EXPECT_TRUE(watch.until([&] { return fs::exists(file()); }, kWait)) << "its row is there, and its files are not";
  run(engine_->remove_volume(options_.project + "_data"));
  EXPECT_TRUE(fs::is_empty(paths_.volumes()));
}

TEST_F(RemovedHalfWay, AVolumeIsThereAgainAfterCleanUp) {
  kill_in_the_removal([this] {
    kill_everything();
    until_dead();
  });
  EXPECT_FALSE(fs::exists(file()));
  run(clean());
  EXPECT_TRUE(fs::exists(file()));
  run(engine_->remove_volume(options_.project + "_data"));
}

TEST_F(Crash, FilesOfARemovedVolumeGoWithTheNextSupervisor) {
  const ContainerId kept = start(spec("kept", {"/bin/sleep", "1000"}));
  state::Volume row;  // its supervisor was killed before it removed the folder
  row.name = "gone";
  fs::create_directories(paths_.volume_data(row.name) + "/files");
  fs::create_directories(paths_.volume_data("somebodys") + "/files");
  VolumesSetAside aside(paths_);
  aside.add(row);
  const std::string folder = aside.commit().at(0);
  ASSERT_TRUE(fs::exists(folder));
  kill_supervisor();
  EXPECT_EQ(look(kept).state, ContainerState::Running);
  davit::test::Watch watch;
  watch.folder(paths_.volumes());
  EXPECT_TRUE(watch.until([&] { return !fs::exists(folder); }, kWait)) << "it stays";
  EXPECT_TRUE(fs::exists(paths_.volume_data("somebodys") + "/files")) << "no record names it, but it may be data";
}

TEST_F(Crash, FilesOfARemovedVolumeGoWithCleanUp) {
  state::Volume row;
  row.name = "gone";
  fs::create_directories(paths_.volume_data(row.name) + "/files");
  VolumesSetAside aside(paths_);
  aside.add(row);
  const std::string folder = aside.commit().at(0);
  const std::vector<std::string> removed = run(cleanup_leftovers(options_, timers_));
  EXPECT_NE(std::find(removed.begin(), removed.end(), "the files of 1 volume whose removal was cut off"),
            removed.end());
  EXPECT_FALSE(fs::exists(folder));
}

TEST_F(Crash, ALivingKeeperOfAnotherRunRootKeepsItsContainers) {
  const ContainerId id = start(spec("long", {"/bin/sleep", "1000"}));
  EngineOptions other = options_;
  other.run_root = temp_.path() / "other";
  other.supervisor_command = {options_.supervisor_command[0], "supervisor", other.project, other.data_root,
                              other.run_root};
  EXPECT_TRUE(fs::create_directories(other.run_root));
  run(cleanup_leftovers(other, timers_));
  EXPECT_EQ(look(id).state, engine::ContainerState::Running);
  {
    auto database = state::Database::open_for_reading(paths_.database());
    EXPECT_EQ(state::Containers(*database).find(id)->state, state::ContainerState::Running);
  }
  EmbeddedEngine second(other, timers_);
  try {
    run(second.create_network(network("default")));
    ADD_FAILURE() << "two supervisors of one project";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("runs below the run root '" + options_.run_root + "'"), std::string::npos)
        << error.what();
  }
  EXPECT_EQ(look(id).state, engine::ContainerState::Running);
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

TEST_F(Crash, AContainerThatCannotBeTakenUpSaysWhy) {
  const ContainerId id = start(spec("lost", {"/bin/sleep", "1000"}));
  const ContainerId other = start(spec("other", {"/bin/sleep", "1000"}));
  fs::remove_all(paths_.logs(id));
  std::ofstream(paths_.logs(id)) << "no folder\n";
  kill_supervisor();
  EXPECT_EQ(look(id).state, ContainerState::Exited);
  EXPECT_EQ(look(id).exit_code, 137);
  EXPECT_EQ(look(id).error.find("a new supervisor could not take it up: "), 0U) << look(id).error;
  EXPECT_NE(look(id).error.find("not a directory"), std::string::npos) << look(id).error;
  EXPECT_EQ(until_event(id, "die").cause, look(id).error);
  EXPECT_EQ(look(other).state, ContainerState::Running) << "the others are taken up";
}

TEST_F(Crash, AShortageAtATakeOverCostsNoContainer) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the undefined behaviour sanitizer itself needs descriptors to look at objects";
#endif
  const ContainerId id = start(spec("steady", {"/bin/sleep", "1000"}));
  const std::int64_t pid = look(id).pid;
  rlimit usual{};
  ASSERT_EQ(::prlimit(keeper_pid(), RLIMIT_NOFILE, nullptr, &usual), 0);
  // What the next one needs but for a few: they are short when it takes up the container. Under such a limit it keeps
  // no low descriptors for later, which are of /dev/null.
  std::size_t used = 0;
  for (const auto& entry : fs::directory_iterator("/proc/" + std::to_string(supervisor_pid()) + "/fd"))
    if (fs::read_symlink(entry.path()) != "/dev/null") ++used;
  const rlimit scarce{static_cast<rlim_t>(used) - 3, usual.rlim_max};
  ASSERT_EQ(::prlimit(keeper_pid(), RLIMIT_NOFILE, &scarce, nullptr), 0);
  kill_supervisor();
  until_said("too many open files");
  EXPECT_FALSE(is_gone(static_cast<pid_t>(pid)));
  ASSERT_EQ(::prlimit(keeper_pid(), RLIMIT_NOFILE, &usual, nullptr), 0);
  EXPECT_EQ(look(id).pid, pid);
  EXPECT_EQ(look(id).state, ContainerState::Running);
}

TEST_F(Crash, WhatIsRestartedFindsItsNetworkAfterTheEndOfEverything) {
  run(engine_->create_network(network("default")));
  const ContainerId first = create_as('0', on_network("default", shell("first", "exec sleep 1000")));
  run(engine_->start_container(first));
  // Cleared up after the other one. Two, because who asks for a runtime waits for the check of another one.
  for (const char digit : {'e', 'f'}) {
    engine::ContainerSpec wanted = spec(std::string("stale") + digit, {"/bin/sleep", "1000"});
    wanted.runtime = runtime_that_first_does(digit, ":");
    run(engine_->start_container(create_as(digit, wanted)));
  }
  kill_everything();
  until_dead();
  network::remove_links(network::links_of(paths_.scope()));  // as a reboot does
  // Longer than the delay of the restart.
  for (const char digit : {'e', 'f'}) runtime_that_first_does(digit, "sleep 0.5");
  {
    state::Database database = state::Database::open(paths_.database());
    state::Containers containers(database);
    state::Container row = containers.find(first).value();
    row.state = state::ContainerState::Restarting;
    row.pid = 0;
    ASSERT_TRUE(containers.update(row));
  }
  const std::int64_t seen = run(engine_->newest_event());
  run(engine_->ensure_running());
  until_event(first, "start", seen);
  EXPECT_EQ(look(first).state, ContainerState::Running);
}

/// What looks like a runtime of a project, below one root or another.
class FalseRuntime {
 public:
  FalseRuntime(const fs::path& root, const std::string& state_folder) {
    std::array<int, 2> input{};
    EXPECT_EQ(::pipe2(input.data(), O_CLOEXEC), 0);
    const Fd read_end(input[0]);
    input_.reset(input[1]);
    std::array<int, 2> executed{};
    EXPECT_EQ(::pipe2(executed.data(), O_CLOEXEC), 0);
    const Fd until_executed(executed[0]);
    Fd open_until_executed(executed[1]);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(read_end.get(), 0);
      if (::chroot(root.c_str()) == 0 && ::chdir("/") == 0)
        ::execl("/bin/busybox", "sh", "-c", "read line", "sh", "--root", state_folder.c_str(), nullptr);
      ::_exit(127);
    }
    open_until_executed.reset();
    char nothing = 0;
    EXPECT_EQ(::read(until_executed.get(), &nothing, 1), 0);
  }
  ~FalseRuntime() {
    input_.reset();
    ::waitpid(pid_, nullptr, 0);
  }
  FalseRuntime(const FalseRuntime&) = delete;
  FalseRuntime& operator=(const FalseRuntime&) = delete;
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  Fd input_;  ///< it ends when this is closed
  pid_t pid_ = -1;
};

TEST_F(Crash, ARuntimeBelowAnotherRootIsNotOurs) {
  const fs::path other_root = temp_.path() / "root";
  fs::create_directories(other_root / "bin");
  fs::copy_file("/bin/busybox", other_root / "bin/busybox");
  const FalseRuntime ours("/", paths_.runtime_state());
  const FalseRuntime other(other_root, paths_.runtime_state());
  const EndedPrograms ended = run(end_leftover_programs(paths_, 0, timers_));
  EXPECT_EQ(ended.runtimes, 1U);
  EXPECT_TRUE(is_gone(ours.pid()));
  EXPECT_FALSE(is_gone(other.pid()));
}

/// As `rm -rf` of it does, which the keeper and its supervisor cannot hear.
class FolderGone : public EngineTest {
 protected:
  void remove_folder() {
    container_ = start(on_network("default", spec("left", {"/bin/sleep", "1000"})));
    left_ = {keeper_pid(), supervisor_pid(), static_cast<pid_t>(look(container_).pid)};
    for (const pid_t pid : left_) ASSERT_FALSE(is_gone(pid));
    fs::remove_all(paths_.folder());
    engine_ = std::make_unique<EmbeddedEngine>(options_, timers_);
  }
  void expect_end() const {
    for (const pid_t pid : left_) EXPECT_TRUE(is_gone(pid)) << pid;
  }

  ContainerId container_;
  std::vector<pid_t> left_;
};

TEST_F(FolderGone, CleanUpEndsKeeperSupervisorAndContainers) {
  run(engine_->create_network(network("default")));
  remove_folder();
  run(clean());
  expect_end();
  expect_nothing_left();
  EXPECT_EQ(look(container_).state, ContainerState::Exited);
}

TEST_F(FolderGone, ANewKeeperEndsTheOtherAndGoesOn) {
  run(engine_->create_network(network("default")));
  remove_folder();
  run(engine_->start_container(container_));
  expect_end();
  EXPECT_EQ(look(container_).state, ContainerState::Running);
  EXPECT_EQ(exec(container_, {"/bin/true"}), 0);
}

}  // namespace
}  // namespace davit::embedded::test
