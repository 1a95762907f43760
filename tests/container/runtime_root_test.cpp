// Containers by crun and runc: what runs inside, with which rights, and that nothing is left.

#include <gmock/gmock.h>
#include <poll.h>

#include <algorithm>

#include "container/root_fixture.hpp"
#include "support/patience.hpp"

namespace davit::container {
namespace {

constexpr int kEndLimit = test::patient(30'000);  // milliseconds

INSTANTIATE_TEST_SUITE_P(Runtimes, ContainerTest, ::testing::Values("crun", "runc"),
                         [](const auto& test) { return test.param; });

TEST_P(ContainerTest, OutputAndExitCodeComeBack) {
  const Ended ended = run(shell("echo out; echo err >&2; exit 7"));
  EXPECT_EQ(ended.output, "out\nerr\n");
  EXPECT_EQ(ended.code, 7);
}

TEST_P(ContainerTest, EnvironmentHasDockersDefaults) {
  engine::ContainerSpec spec = shell("env");
  spec.args = {"env"};
  spec.env = {{"A", "1"}, {"PATH", "/bin"}};
  spec.user = "app";
  EXPECT_EQ(run(spec).output, "PATH=/bin\nHOSTNAME=box\nA=1\nHOME=/home/app\n");
}

TEST_P(ContainerTest, ATerminalIsHandedOver) {
  engine::ContainerSpec spec = shell("tty; stty size; echo $TERM");
  spec.tty = true;
  inputs_.console_size = {80, 24};
  EXPECT_EQ(run(spec).output, "/dev/pts/0\r\n24 80\r\nxterm\r\n");
}

TEST_P(ContainerTest, CapabilitiesAreDockersFourteen) {
  const std::string text = output("grep Cap /proc/self/status");
  EXPECT_NE(text.find("CapPrm:\t00000000a80425fb\nCapEff:\t00000000a80425fb\nCapBnd:\t00000000a80425fb\n"),
            std::string::npos)
      << text;
}

TEST_P(ContainerTest, AnotherUserHasNoneInEffect) {
  engine::ContainerSpec spec = shell("id; grep CapEff /proc/self/status; cat /etc/passwd > /etc/x");
  spec.user = "app";
  const Ended ended = run(spec);
  EXPECT_NE(ended.output.find("uid=1000(app) gid=1000(app) groups=50(staff)"), std::string::npos) << ended.output;
  EXPECT_NE(ended.output.find("CapEff:\t0000000000000000"), std::string::npos) << ended.output;
  EXPECT_NE(ended.code, 0);
}

TEST_P(ContainerTest, TheFilterRefusesWhatTheKernelWouldAllow) {
  // New user namespaces need no capability, so only the filter can refuse one.
  const Ended ended = run(shell("grep Seccomp: /proc/self/status; unshare -U true"));
  EXPECT_NE(ended.output.find("Seccomp:\t2"), std::string::npos) << ended.output;
  EXPECT_NE(ended.output.find("Operation not permitted"), std::string::npos) << ended.output;
  EXPECT_NE(ended.code, 0);
}

TEST_P(ContainerTest, TheFilterCanBeSwitchedOff) {
  engine::ContainerSpec spec = shell("grep Seccomp: /proc/self/status; unshare -U true && echo done");
  spec.security_opt = {"seccomp=unconfined", "no-new-privileges"};
  EXPECT_EQ(run(spec).output, "Seccomp:\t0\ndone\n");
}

TEST_P(ContainerTest, NoNewPrivilegesIsSet) {
  engine::ContainerSpec spec = shell("grep NoNewPrivs /proc/self/status");
  spec.security_opt = {"no-new-privileges:true"};
  EXPECT_EQ(run(spec).output, "NoNewPrivs:\t1\n");
}

TEST_P(ContainerTest, KernelPathsAreMaskedOrReadOnly) {
  const std::string text =
      output("wc -c < /proc/interrupts; ls /sys/firmware | wc -l; echo 1 > /proc/sys/vm/swappiness || echo refused");
  EXPECT_NE(text.find("0\n0\n"), std::string::npos) << text;
  EXPECT_NE(text.find("Read-only file system"), std::string::npos) << text;
}

TEST_P(ContainerTest, PrivilegedHasEverything) {
  engine::ContainerSpec spec = shell(
      "grep -E 'CapEff|Seccomp:' /proc/self/status; mount -t tmpfs none /tmp && echo mounted; ls /dev/loop-control "
      "/dev/kmsg");
  spec.privileged = true;
  const std::string text = run(spec).output;
  EXPECT_NE(text.find("Seccomp:\t0\nmounted\n"), std::string::npos) << text;
}

TEST_P(ContainerTest, AReadOnlyRootRefusesWriting) {
  engine::ContainerSpec spec =
      shell("touch /x; echo $?; touch /dev/shm/x; echo $?; touch /tmp/x; echo $?; touch /etc/hosts; echo $?");
  spec.read_only = true;
  spec.mounts = {{.kind = engine::Mount::Kind::Tmpfs, .target = "/tmp"}};
  const std::string text = run(spec).output;
  EXPECT_EQ(std::count(text.begin(), text.end(), '0'), 2) << text;
  EXPECT_EQ(text.substr(text.size() - 2), "1\n") << text;
}

TEST_P(ContainerTest, MemoryIsLimited) {
  engine::ContainerSpec spec = shell("tail /dev/zero");
  spec.resources.memory = 32 << 20;
  spec.resources.memory_swap = 32 << 20;
  start(spec);
  // Not by waitid: a process of crun's may still be the parent.
  pollfd end{.fd = started_->pidfd.value().get(), .events = POLLIN, .revents = 0};
  ASSERT_EQ(::poll(&end, 1, kEndLimit), 1);
  const auto kills = Cgroups(host_.cgroups).oom_kills(inputs_.cgroups_path);
  EXPECT_EQ(wait(), 137);
  ASSERT_TRUE(kills);
  EXPECT_GE(*kills, 1U);
}

TEST_P(ContainerTest, ProcessesAreLimited) {
  engine::ContainerSpec spec = shell("i=0; while [ $i -lt 60 ]; do sleep 1000 & i=$((i+1)); done; echo all");
  spec.resources.pids = 30;  // runc itself, a Go program, has threads in there at first
  const Ended ended = run(spec);
  EXPECT_NE(ended.output.find("can't fork"), std::string::npos) << ended.output;
}

TEST_P(ContainerTest, ProcessorsAreLimited) {
  engine::ContainerSpec spec = shell("sleep 1000");
  spec.resources.cpus = 0.5;
  spec.resources.cpu_shares = 512;
  start(spec);
  const std::string root = "/sys/fs/cgroup";
  if (host_.cgroups == CgroupMode::Unified) {
    EXPECT_EQ(read_all(root + inputs_.cgroups_path + "/cpu.max"), "50000 100000\n");
  } else {
    EXPECT_EQ(read_all(root + "/cpu" + inputs_.cgroups_path + "/cpu.cfs_quota_us"), "50000\n");
    EXPECT_EQ(read_all(root + "/cpu" + inputs_.cgroups_path + "/cpu.shares"), "512\n");
  }
}

TEST_P(ContainerTest, SecretsAreFilesOnTmpfsWithTheModeAskedFor) {
  engine::ContainerSpec spec = shell(
      "stat -c '%a %u %g' /run/secrets/key; cat /run/secrets/key /etc/app.conf; grep ' /run/secrets/key ' "
      "/proc/mounts; "
      "echo x > /run/secrets/key");
  write(dir_ + "/app.conf", "conf\n");
  spec.files = {{.kind = engine::FileMount::Kind::Secret,
                 .name = "key",
                 .content = "hush-hush-8\n",
                 .target = "/run/secrets/key",
                 .mode = 0440,
                 .uid = 1000,
                 .gid = 50},
                {.kind = engine::FileMount::Kind::Config,
                 .name = "conf",
                 .source = dir_ + "/app.conf",
                 .target = "/etc/app.conf"}};
  const std::string text = run(spec).output;
  EXPECT_EQ(text.find("440 1000 50\nhush-hush-8\nconf\ntmpfs /run/secrets/key tmpfs ro,"), 0U) << text;
  EXPECT_NE(text.find("Read-only file system"), std::string::npos) << text;
  for (const auto& entry : fs::recursive_directory_iterator(dir_ + "/container"))
    EXPECT_FALSE(!entry.is_symlink() && entry.is_regular_file() &&
                 read_all(entry.path()).find("hush-hush-8") != std::string::npos)
        << entry.path();
}

TEST_P(ContainerTest, AConfigThatIsNoFileIsAnError) {
  engine::ContainerSpec spec = shell("true");
  const std::string pipe = dir_ + "/pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  for (const auto& [source, why] :
       {std::pair(pipe, "is neither a file nor a folder"), std::pair(dir_ + "/absent", "no such file or directory")}) {
    spec.files = {
        {.kind = engine::FileMount::Kind::Config, .name = "conf", .source = source, .target = "/etc/app.conf"}};
    try {
      run(spec);
      ADD_FAILURE() << "no error for " << source;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(why), std::string::npos) << error.what();
      EXPECT_NE(std::string(error.what()).find(source), std::string::npos) << error.what();
    }
  }
}

TEST_P(ContainerTest, KernelSettingsAndUlimitsApply) {
  engine::ContainerSpec spec =
      shell("cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/ip_unprivileged_port_start; ulimit -n; ulimit -Hn");
  spec.sysctls = {{"net.ipv4.ip_forward", "1"}};
  spec.ulimits = {{"nofile", 123, 456}};
  EXPECT_EQ(run(spec).output, "1\n0\n123\n456\n");
}

TEST_P(ContainerTest, NamesAreItsOwn) {
  const std::string text = output("hostname; grep box /etc/hosts; cat /etc/hostname /etc/resolv.conf; ls /.dockerenv");
  EXPECT_EQ(text, "box\n10.1.2.3\tbox\nbox\nnameserver 127.0.0.11\noptions ndots:0\n/.dockerenv\n");
}

TEST_P(ContainerTest, TheWorkingFolderIsMadeInsideTheRoot) {
  fs::create_directory_symlink("../../../../../../../../var/tmp", dir_ + "/layer/esc");
  engine::ContainerSpec spec = shell("pwd");
  const std::string name = "made-" + std::to_string(::getpid());
  spec.working_dir = "/esc/" + name;
  const std::string text = run(spec).output;
  EXPECT_EQ(text, "/var/tmp/" + name + "\n") << "the link was followed inside the root";
  EXPECT_FALSE(fs::exists("/var/tmp/" + name)) << "and not outside";
}

TEST_P(ContainerTest, AMissingCommandIs127) {
  engine::ContainerSpec spec = shell("");
  spec.args = {"no-such"};
  int code = 0;
  EXPECT_EQ(error_of(spec, code), "cannot run 'no-such' in the container: not found in its PATH");
  EXPECT_EQ(code, 127);
  spec.args = {"/no/such"};
  EXPECT_EQ(error_of(spec, code), "cannot run '/no/such' in the container: no such file");
  EXPECT_EQ(code, 127);
}

TEST_P(ContainerTest, ACommandThatIsNoProgramIs126) {
  engine::ContainerSpec spec = shell("");
  int code = 0;
  spec.args = {"/etc/passwd"};
  EXPECT_EQ(error_of(spec, code), "cannot run '/etc/passwd' in the container: not an executable file");
  EXPECT_EQ(code, 126);
  spec.args = {"/etc"};
  EXPECT_EQ(error_of(spec, code), "cannot run '/etc' in the container: it is a folder");
  EXPECT_EQ(code, 126);
}

TEST_P(ContainerTest, AFailedPreparationLeavesNothing) {
  engine::ContainerSpec spec = shell("true");
  spec.user = "nobody-here";
  int code = 0;
  EXPECT_EQ(error_of(spec, code), "unable to find user 'nobody-here': no matching entry in /etc/passwd of the image");
  EXPECT_FALSE(fs::exists(inputs_.bundle_dir));
  EXPECT_EQ(mounts_left(), "");
}

TEST_P(ContainerTest, AnEmptyVolumeIsFilledOnceFromTheImage) {
  write(dir_ + "/layer/data/a/file", "image\n", 0640);
  ASSERT_EQ(::chown((dir_ + "/layer/data").c_str(), 1000, 50), 0);
  ASSERT_EQ(::chown((dir_ + "/layer/data/a/file").c_str(), 1000, 1000), 0);
  fs::create_symlink("a/file", dir_ + "/layer/data/link");
  fs::create_hard_link(dir_ + "/layer/data/a/file", dir_ + "/layer/data/twin");
  engine::ContainerSpec spec = shell("cat /data/link; stat -c '%u %g %a %h' /data /data/twin; echo more > /data/new");
  spec.mounts = {{.kind = engine::Mount::Kind::Volume, .source = "vol", .target = "/data"}};
  inputs_.volumes = {{"vol", dir_ + "/volumes/vol/_data"}};
  EXPECT_EQ(run(spec).output, "image\n1000 50 755 3\n1000 1000 640 2\n");
  EXPECT_EQ(read_all(dir_ + "/volumes/vol/_data/new"), "more\n");
  // Emptied by its user: the same container does not fill it again, as with docker.
  fs::remove_all(dir_ + "/volumes/vol/_data");
  EXPECT_EQ(run(shell("true")).code, 0);
  spec.args = {"sh", "-c", "ls /data | wc -l"};
  EXPECT_EQ(run(spec).output, "0\n");
}

TEST_P(ContainerTest, AVolumeThatWasHalfFilledIsFilled) {
  write(dir_ + "/layer/data/first", "image 1\n", 0640);
  write(dir_ + "/layer/data/second", "image 2\n", 0640);
  engine::ContainerSpec spec = shell("cat /data/*");
  spec.mounts = {{.kind = engine::Mount::Kind::Volume, .source = "vol", .target = "/data"}};
  const std::string volume = dir_ + "/volumes/vol/_data";
  inputs_.volumes = {{"vol", volume}};
  // Killed while copying.
  fs::create_directories(volume);
  fs::create_directories(volume + ".copying");
  write(volume + ".copying/first", "ima", 0600);
  EXPECT_EQ(run(spec).output, "image 1\nimage 2\n");
  EXPECT_FALSE(fs::exists(volume + ".copying"));
  // Killed while moving it in: the copy is whole, and a part of it has arrived.
  fs::remove_all(dir_ + "/container");
  fs::create_directories(volume + ".copied");
  fs::rename(volume + "/second", volume + ".copied/second");
  EXPECT_EQ(run(spec).output, "image 1\nimage 2\n");
  EXPECT_FALSE(fs::exists(volume + ".copied"));
}

TEST_P(ContainerTest, APartOfAVolumeIsWhatWasFoundAndStaysInside) {
  const std::string volume = dir_ + "/volumes/vol/_data";
  fs::create_directories(volume + "/sub/inner");
  write(volume + "/sub/inner/file", "part\n", 0644);
  fs::create_symlink("/sub/inner", volume + "/link");
  inputs_.volumes = {{"vol", volume}};
  engine::ContainerSpec spec = shell("cat /there/file");
  spec.mounts = {{.kind = engine::Mount::Kind::Volume, .source = "vol", .target = "/there"}};
  spec.mounts[0].volume_subpath = "link";
  EXPECT_EQ(run(spec).output, "part\n") << "a link within the volume";
  // Swapped after the bundle was made, before the runtime looks at it.
  spec.mounts[0].volume_subpath = "sub/inner";
  fs::create_directories(dir_ + "/host");
  write(dir_ + "/host/file", "of the host\n", 0644);
  const Bundle bundle = prepare_bundle(spec, inputs_);
  fs::rename(volume + "/sub/inner", volume + "/sub/away");
  fs::create_directory_symlink(dir_ + "/host", volume + "/sub/inner");
  const std::string config = read_all(bundle.dir + "/config.json");
  EXPECT_EQ(config.find(volume), std::string::npos) << "a path that can be swapped";
  EXPECT_EQ(read_all(bundle.dir + "/part-0/file"), "part\n");
  remove_bundle(bundle.dir);
  EXPECT_FALSE(fs::exists(bundle.dir));
}

TEST_P(ContainerTest, ADeviceInPlaceOfThePasswdFileIsNotOpened) {
  // Opening a FIFO for reading alone tells whoever writes; opening a device acts on it.
  ASSERT_EQ(::mkfifo((dir_ + "/layer/etc/passwd.pipe").c_str(), 0600), 0);
  fs::remove(dir_ + "/layer/etc/passwd");
  fs::rename(dir_ + "/layer/etc/passwd.pipe", dir_ + "/layer/etc/passwd");
  const Root root(dir_ + "/layer");
  EXPECT_THROW((void)root.read("/etc/passwd"), Error);
  EXPECT_EQ(Root(dir_).read("/layer/etc/group"), read_all(dir_ + "/layer/etc/group"));
}

TEST_P(ContainerTest, BindSourcesAreMadeOnlyWhenAsked) {
  engine::ContainerSpec spec = shell("ls -d /there; touch /there/x");
  spec.mounts = {{.kind = engine::Mount::Kind::Bind, .source = dir_ + "/host/there", .target = "/there"}};
  int code = 0;
  EXPECT_EQ(error_of(spec, code), "cannot mount '" + dir_ + "/host/there' at '/there': it does not exist on the host");
  spec.mounts[0].create_source = engine::Mount::CreateSource::Directory;
  spec.mounts[0].read_only = true;
  const std::string text = run(spec).output;
  EXPECT_NE(text.find("/there\n"), std::string::npos) << text;
  EXPECT_NE(text.find("Read-only file system"), std::string::npos) << text;
}

TEST_P(ContainerTest, AnInitReapsOrphansAndPassesSignalsOn) {
  // The orphan ends when it has been read from.
  engine::ContainerSpec spec = shell(
      "trap 'echo passed' WINCH; mkfifo /tmp/end; (sh -c 'echo orphan > /tmp/end' &); sleep 1000 & echo up; wait; "
      "wait");
  spec.init = true;
  start(spec);
  until_says("up");
  const auto processes = [this] { return Cgroups(host_.cgroups).processes(inputs_.cgroups_path); };
  EXPECT_EQ(processes().size(), 4U) << "the init, its program, sleep, the orphan";
  OciRuntime::ExecRequest request;
  request.options.args = {"cat", "/tmp/end"};
  EXPECT_EQ(await(runtime_->exec(inputs_.id, inputs_.bundle_dir, request)).output, "orphan\n");
  Watch watch;
  const auto orphan_has_ended = [&] {
    for (const pid_t pid : processes()) watch.process(pid);
    return processes().size() == 3;
  };
  ASSERT_TRUE(watch.until(orphan_has_ended, std::chrono::seconds(10)));
  // Nobody tells of a reaping. But of two signals that wait, the lower number (SIGCHLD) comes first: when this one has
  // been passed on, the init has reaped.
  ::kill(started_->pid, SIGWINCH);
  until_says("passed");
  request.options.args = {"ps", "-o", "pid,args"};
  const std::string text = await(runtime_->exec(inputs_.id, inputs_.bundle_dir, request)).output;
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 5) << "the heading, the init, its program, sleep, ps\n" << text;
  EXPECT_NE(text.find("    1 /sbin/docker-init -- sh"), std::string::npos) << text;
  ::kill(started_->pid, SIGTERM);
  EXPECT_EQ(wait(), 143);
}

TEST_P(ContainerTest, ExecRunsInTheContainer) {
  start(shell("sleep 1000"));
  OciRuntime::ExecRequest request;
  request.options.args = {"sh", "-c", "echo $X $(hostname) $(pwd); id -u; echo err >&2; exit 5"};
  request.options.env = {{"X", "y"}};
  request.options.working_dir = "/etc";
  request.options.user = resolve_user("app", {}, read_user_files(inputs_.bundle_dir + "/rootfs"));
  const auto result = await(runtime_->exec(inputs_.id, inputs_.bundle_dir, request));
  if (runtime_->program().kind == RuntimeProgram::Kind::Crun)
    EXPECT_EQ(result.output, "y box /etc\n1000\nerr\n");
  else  // it copies the two streams, in any order
    EXPECT_THAT(result.output,
                ::testing::AnyOf("y box /etc\n1000\nerr\n", "err\ny box /etc\n1000\n", "y box /etc\nerr\n1000\n"));
  EXPECT_EQ(result.exit_code, 5);
  request.options.args = {"grep", "Seccomp:", "/proc/self/status"};
  EXPECT_EQ(await(runtime_->exec(inputs_.id, inputs_.bundle_dir, request)).output, "Seccomp:\t2\n")
      << "the filter holds for it too";
  request.options.args = {"no-such"};
  const auto missing = await(runtime_->exec(inputs_.id, inputs_.bundle_dir, request));
  EXPECT_EQ(missing.exit_code, 127);
  EXPECT_EQ(missing.output, "cannot run 'no-such' in the container: not found in its PATH");
}

TEST_P(ContainerTest, AnExecThatTakesTooLongIsKilledInside) {
  start(shell("sleep 1000"));
  OciRuntime::ExecRequest request;
  request.options.args = {"sh", "-c", "echo begun; exec sleep 2000"};
  request.timeout = std::chrono::milliseconds(1000);
  const auto result = await(runtime_->exec(inputs_.id, inputs_.bundle_dir, request));
  EXPECT_TRUE(result.timed_out);
  EXPECT_EQ(result.exit_code, -1);
  EXPECT_EQ(result.output, "begun\n");
  const Cgroups groups(host_.cgroups);
  Watch watch;
  const auto only_its_own_process = [&] {
    for (const pid_t pid : groups.processes(inputs_.cgroups_path)) watch.process(pid);
    return groups.processes(inputs_.cgroups_path).size() == 1;
  };
  EXPECT_TRUE(watch.until(only_its_own_process, std::chrono::seconds(10))) << "only the container's own is left";
}

TEST_P(ContainerTest, ExecInAnEndedContainerSaysSo) {
  engine::ContainerSpec spec = shell("true");
  static_cast<void>(run(spec));
  OciRuntime::ExecRequest request;
  request.options.args = {"true"};
  EXPECT_THROW(static_cast<void>(await(runtime_->exec(inputs_.id, inputs_.bundle_dir, request))), Error);
}

TEST_P(ContainerTest, AGroupCanBeFrozenAndKilled) {
  start(shell("for i in 1 2 3; do sleep 1000 & done; echo up; wait"));
  until_says("up");
  const Cgroups groups(host_.cgroups);
  EXPECT_EQ(groups.processes(inputs_.cgroups_path).size(), 4U);
  EXPECT_EQ(groups.children(project_), std::vector<std::string>{"c1"});
  groups.freeze(inputs_.cgroups_path, Cgroups::Frozen::Yes);
  EXPECT_EQ(groups.remove(inputs_.cgroups_path), Cgroups::Removed::Busy);
  groups.freeze(inputs_.cgroups_path, Cgroups::Frozen::No);
  groups.kill(project_);
  EXPECT_EQ(wait(), 137);
  EXPECT_TRUE(groups.processes(project_).empty());
}

TEST_P(ContainerTest, ManyLayersStack) {
  inputs_.layers.clear();
  for (int i = 0; i < 100; ++i) {
    const std::string layer = dir_ + "/layers/" + std::to_string(i) + std::string(61, 'x');
    write(layer + "/n/" + std::to_string(i), std::to_string(i));
    write(layer + "/top", std::to_string(i) + "\n");
    inputs_.layers.push_back(layer);
  }
  inputs_.layers.insert(inputs_.layers.begin(), dir_ + "/layer");
  if (host_.kernel_major == 6 ? host_.kernel_minor >= 8 : host_.kernel_major > 6) {
    EXPECT_EQ(output("ls /n | wc -l; cat /top"), "100\n99\n");
  } else {
    inputs_.layers.resize(50);
    EXPECT_EQ(output("ls /n | wc -l; cat /top"), "49\n48\n");
  }
}

TEST_P(ContainerTest, TheRuntimePassesItsCheck) {
  const RuntimeProgram chosen = await(choose_runtime(timers_, GetParam(), dir_ + "/cache", host_));
  EXPECT_EQ(chosen.path, runtime_->program().path);
  EXPECT_EQ(chosen.kind, runtime_->program().kind);
  EXPECT_FALSE(chosen.version.empty());
  EXPECT_NE(read_all(dir_ + "/cache/runtime-checks.json").find(chosen.path), std::string::npos);
}

TEST_P(ContainerTest, ARuntimeThatFailsIsNamedWithItsReason) {
  write(dir_ + "/broken",
        "#!/bin/sh\n[ \"$1\" = --version ] && echo crun version 0.1 || { echo no luck >&2; exit 1; }\n", 0755);
  try {
    static_cast<void>(await(choose_runtime(timers_, dir_ + "/broken", dir_ + "/cache", host_)));
    FAIL();
  } catch (const Error& e) {
    ASSERT_EQ(e.diagnostic().notes.size(), 1U);
    EXPECT_EQ(e.diagnostic().notes[0].text, dir_ + "/broken 0.1: no luck");
  }
}

TEST_P(ContainerTest, ARuntimeThatIsNoProgramOfThisMachineHasFailedItsCheck) {
  write(dir_ + "/foreign",
        "\x7f"
        "ELF of another world",
        0755);
  const RuntimeCheck check = await(check_runtime(timers_, dir_ + "/foreign", dir_ + "/scratch", host_));
  EXPECT_TRUE(check.program.version.empty());
  EXPECT_NE(check.failure.find("xec format error"), std::string::npos) << check.failure;
}

}  // namespace
}  // namespace davit::container
