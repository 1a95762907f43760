// The smaller commands.
#include <gtest/gtest.h>

#include "stack.hpp"

namespace davit::test {
namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Exec, PassesInputOutputAndExitCode) {
  Stack stack("cmdexec");
  import_busybox(stack);
  stack.compose(
      "services: {a: {image: busybox, command: [sleep, '3600'], stop_grace_period: 0s, environment: {X: y}}}\n");
  stack.ok({"up", "-d"});
  EXPECT_EQ(stack.ok({"exec", "-T", "a", "cat"}, 30s, "through\n").out, "through\n");
  EXPECT_EQ(stack.davit({"exec", "-T", "a", "sh", "-c", "exit 5"}).code, 5);
  EXPECT_TRUE(contains(stack.ok({"exec", "-T", "-e", "M=1", "-w", "/tmp", "a", "sh", "-c", "echo $X $M $PWD"}).out,
                       "y 1 /tmp"));
  EXPECT_EQ(stack.ok({"exec", "-T", "-u", "nobody", "a", "id", "-u"}).out, "65534\n");
  const auto missing = stack.davit({"exec", "-T", "nobody", "true"});
  EXPECT_EQ(missing.code, 1);
  EXPECT_TRUE(contains(missing.err, "nobody")) << missing.err;
}

TEST(Exec, WhatCannotBeStartedHasDockersExitCodes) {
  Stack stack("cmdexeccode");
  import_busybox(stack);
  stack.compose("services: {a: {image: busybox, command: [sleep, '3600'], stop_grace_period: 0s}}\n");
  stack.ok({"up", "-d"});
  const auto missing = stack.davit({"exec", "-T", "a", "nosuch"});
  EXPECT_EQ(missing.code, 127);
  EXPECT_TRUE(contains(missing.err, "cannot run 'nosuch' in the container")) << missing.err;
  EXPECT_EQ(missing.err,
            "error: cannot run 'nosuch' in the container: not found in its PATH\n"
            "  hint: name a program of the image, or its whole path\n")
      << "once, and in our words";
  const auto nowhere = stack.davit({"exec", "-T", "-w", "/no", "a", "pwd"});
  EXPECT_EQ(nowhere.code, 127);
  EXPECT_EQ(nowhere.err,
            "error: cannot change to the folder '/no' in the container: no such file or directory\n"
            "  hint: name a folder that is there\n");
  EXPECT_EQ(stack.davit({"exec", "-T", "-w", "/etc/passwd", "a", "pwd"}).code, 127);
  EXPECT_EQ(stack.davit({"exec", "-T", "-w", "rel", "a", "pwd"}).code, 128);
  EXPECT_EQ(stack.davit({"exec", "-T", "a", "/etc"}).code, 126);
  EXPECT_EQ(stack.davit({"exec", "-T", "-e", "PATH=/nowhere", "a", "true"}).code, 127);
  EXPECT_EQ(stack.davit({"exec", "-T", "-w", "/bin", "a", "./true"}).code, 0);
  EXPECT_EQ(stack.davit({"exec", "-T", "a", "/etc/passwd"}).code, 126);
  EXPECT_EQ(stack.davit({"exec", "-T", "a", "sh", "-c", "exit 127"}).code, 127) << "its own code";
  const auto flag = stack.davit({"exec", "--inde", "1", "a", "true"});
  EXPECT_EQ(flag.code, 1);
  EXPECT_TRUE(contains(flag.err, "did you mean '--index'?")) << flag.err;
  const auto index = stack.davit({"exec", "-T", "--index", "9", "a", "true"});
  EXPECT_TRUE(contains(index.err, "service \"a\" is not running container #9")) << index.err;
}

TEST(Exec, DetachedLeavesTheProgramToItself) {
  Stack stack("cmdexecd");
  import_busybox(stack);
  stack.compose(
      "services: {a: {image: busybox, command: [sleep, '3600'], stop_grace_period: 0s, volumes: "
      "['./pipes:/pipes']}}\n");
  const NamedPipe pipe(stack.folder() / "pipes/f");
  stack.ok({"up", "-d"});
  stack.ok({"exec", "-d", "a", "sh", "-c", "echo done > /pipes/f"});
  EXPECT_EQ(pipe.line(30s), "done");
  EXPECT_EQ(stack.davit({"exec", "-d", "a", "nosuch"}).code, 1) << "as docker compose: nobody awaits it";
}

TEST(Exec, ASecondSignalKillsWhatIgnoresTheFirst) {
  Stack stack("cmdexecsig");
  import_busybox(stack);
  stack.compose("services: {a: {image: busybox, command: [sleep, '3600'], stop_grace_period: 0s}}\n");
  stack.ok({"up", "-d"});
  const auto exec = stack.start(
      {"exec", "-T", "a", "sh", "-c", "trap 'echo stubborn' TERM INT; echo ready; while :; do sleep 0.05; done"});
  ASSERT_TRUE(exec->wait_for_output("ready", 30s));
  exec->signal(SIGINT);
  ASSERT_TRUE(exec->wait_for_output("stubborn", 30s));
  exec->signal(SIGINT);
  EXPECT_EQ(exec->finish(30s).code, 130);
  EXPECT_FALSE(contains(stack.ok({"top"}).out, "stubborn")) << "the program is gone, too";
}

TEST(Exec, PrivilegedGivesEveryCapabilityThereIs) {
  Stack stack("cmdexecp");
  import_busybox(stack);
  stack.compose("services: {a: {image: busybox, command: [sleep, '3600'], stop_grace_period: 0s}}\n");
  stack.ok({"up", "-d"});
  Program own({"/bin/busybox", "grep", "CapBnd", "/proc/self/status"}, {});
  const auto inside = stack.ok({"exec", "-T", "--privileged", "a", "grep", "CapBnd", "/proc/self/status"});
  EXPECT_EQ(inside.out, own.finish(10s).out);
}

TEST(Run, GivesTheOneOffsOutputAndExitCode) {
  Stack stack("cmdrun");
  import_busybox(stack);
  stack.compose(R"(
services:
  db: {image: busybox, command: [sleep, "3600"], stop_grace_period: 0s}
  job: {image: busybox, command: [echo, default], depends_on: [db]}
)");
  EXPECT_EQ(stack.ok({"run", "--rm", "-T", "job"}).out, "default\n");
  EXPECT_EQ(stack.davit({"run", "--rm", "-T", "job", "sh", "-c", "echo other; exit 4"}).code, 4);
  EXPECT_EQ(stack.ok({"run", "--rm", "-T", "job", "cat"}, 30s, "piped\n").out, "piped\n");
  EXPECT_TRUE(contains(stack.ok({"ps"}).out, "cmdrun-db-1")) << "dependencies are started";
}

TEST(Run, TakesVolumesPortsAndVariablesFromItsFlags) {
  Stack stack("cmdrunflags");
  import_busybox(stack);
  stack.compose(
      "services: {job: {image: busybox, command: [sh, -c, 'echo $$A $$B'], environment: {A: file, B: file}}}\n");
  stack.write("data/f", "from the host\n");
  stack.write("env", "B=envfile\n");
  EXPECT_EQ(stack.ok({"run", "--rm", "-T", "--env-from-file", "env", "-e", "A=flag", "job"}).out, "flag envfile\n");
  EXPECT_EQ(stack.ok({"run", "--rm", "-T", "-v", "./data:/d:ro", "job", "cat", "/d/f"}).out, "from the host\n");
  EXPECT_EQ(stack.ok({"run", "--rm", "-T", "--entrypoint", "sh -c", "job", "echo split"}).out, "split\n");
  const auto quiet = stack.ok({"run", "--rm", "-T", "-q", "job", "true"});
  EXPECT_EQ(quiet.err, "");
  // httpd goes into the background when it listens.
  const NamedPipe pipe(stack.folder() / "pipes/f");
  stack.ok({"run", "-d", "--name", "cmdrunserver", "-p", "127.0.0.1:28487:80", "-v", "./pipes:/pipes", "job", "sh",
            "-c",
            "mkdir /w; echo hello > /w/index.html; httpd -p 80 -h /w && echo listens > /pipes/f; exec sleep 3600"});
  EXPECT_EQ(pipe.line(30s), "listens");
  EXPECT_EQ(Program({"/bin/busybox", "wget", "-qO-", "http://127.0.0.1:28487/"}, {}).finish(10s).out, "hello\n");
  stack.ok({"down", "--remove-orphans"});
}

TEST(Run, AFailedStartLeavesNothingWhenItIsToBeRemoved) {
  Stack stack("cmdrunfail");
  import_busybox(stack);
  stack.compose("services: {job: {image: busybox}}\n");
  EXPECT_EQ(stack.davit({"run", "--rm", "-T", "job", "nosuch"}).code, 1);
  EXPECT_EQ(stack.ok({"ps", "-aq"}).out, "");
}

TEST(Run, SignalsGoToTheProgram) {
  Stack stack("cmdrunsignal");
  import_busybox(stack);
  stack.compose("services: {job: {image: busybox}}\n");
  const auto handled = stack.start({"run", "--rm", "-T", "job", "sh", "-c",
                                    "trap 'echo int; exit 5' INT; echo ready; while :; do sleep 0.05; done"});
  ASSERT_TRUE(handled->wait_for_output("ready", 30s));
  handled->signal(SIGINT);
  const auto ended = handled->finish(30s);
  EXPECT_EQ(ended.code, 5);
  EXPECT_TRUE(contains(ended.out, "int\n")) << ended.out;
  // What the kernel would drop, since PID 1 does not handle it, stops the container.
  // (No shell in front of it: that one does handle it until it has given way.)
  const auto dropped = stack.start({"run", "--rm", "-T", "job", "tail", "-f", "/etc/group"});
  ASSERT_TRUE(dropped->wait_for_output("nogroup", 30s));
  dropped->signal(SIGINT);
  EXPECT_EQ(dropped->finish(30s).code, 130);
}

TEST(Run, ASecondSignalEndsAProgramThatDoesNot) {
  Stack stack("cmdrunsecond");
  import_busybox(stack);
  stack.compose("services: {job: {image: busybox}}\n");
  const auto deaf = stack.start({"run", "--rm", "-T", "job", "sh", "-c",
                                 "trap 'echo not yet' INT TERM; echo ready; while :; do sleep 0.05; done"});
  ASSERT_TRUE(deaf->wait_for_output("ready", 30s));
  deaf->signal(SIGINT);
  ASSERT_TRUE(deaf->wait_for_output("not yet", 30s));
  deaf->signal(SIGINT);
  EXPECT_EQ(deaf->finish(30s).code, 130);
  EXPECT_EQ(stack.ok({"ps", "-aq"}).out, "");
}

TEST(Run, ReadsWhatIsNeverWaitedFor) {
  Stack stack("cmdruninput");
  import_busybox(stack);
  stack.compose("services: {job: {image: busybox}}\n");
  stack.write("words", "some words\n");
  const auto run = [&](const std::string& from) {
    Program program({"/bin/sh", "-c", R"(exec "$0" "$@" <)" + from, DAVIT_PROGRAM, "--data-root",
                     stack.data_root().string(), "--run-root", stack.run_root().string(), "-p", stack.name(), "run",
                     "--rm", "-T", "job", "sh", "-c", "cat; echo end; sleep 0.2; echo of it"},
                    {.cwd = stack.folder().string(), .environment = {}, .input = {}});
    return program.finish(60s).out;
  };
  EXPECT_EQ(run("words"), "some words\nend\nof it\n");
  EXPECT_EQ(run("/dev/null"), "end\nof it\n");
}

TEST(StopAndStart, KeepTheContainer) {
  Stack stack("cmdstop");
  import_busybox(stack);
  stack.compose("services: {a: {image: busybox, command: [sleep, '3600']}}\n");
  stack.ok({"up", "-d"});
  const auto id = stack.ok({"ps", "-q"}).out;
  stack.ok({"stop"});
  EXPECT_EQ(stack.ok({"ps", "-q"}).out, "");
  stack.ok({"start"});
  EXPECT_EQ(stack.ok({"ps", "-q"}).out, id);
  stack.ok({"restart", "-t", "0"});
  EXPECT_EQ(stack.ok({"ps", "-q"}).out, id);
  stack.ok({"kill"});
  EXPECT_EQ(stack.davit({"wait", "a"}, 30s).code, 137);
  EXPECT_TRUE(contains(stack.ok({"ps", "-a"}).out, "Exited (137)"));
}

TEST(Restart, GivesTheSamePortsBack) {
  Stack stack("cmdrestart");
  import_busybox(stack);
  stack.compose(
      "services: {a: {image: busybox, command: [sleep, '3600'], stop_grace_period: 0s, ports: ['127.0.0.1:28484:80', "
      "'127.0.0.1:28484:80/udp']}}\n");
  stack.ok({"up", "-d"});
  for (int i = 0; i < 5; ++i) stack.ok({"restart"});
  EXPECT_EQ(stack.ok({"port", "a", "80"}).out, "127.0.0.1:28484\n");
}

TEST(Devices, AreAllowedByRules) {
  Stack stack("cmddevrule");
  import_busybox(stack);
  // Number 240 is for local use: nobody answers there, so an open that is allowed fails in another way.
  constexpr const char* kOpen = "[sh, -c, 'mknod /d c 240 0 && cat /d']";
  stack.compose(std::string("services:\n  with: {image: busybox, device_cgroup_rules: ['c 240:* rwm'], command: ") +
                kOpen + "}\n  without: {image: busybox, command: " + kOpen + "}\n");
  EXPECT_TRUE(contains(stack.davit({"run", "--rm", "-T", "with"}).err, "No such device")) << "it may";
  EXPECT_TRUE(contains(stack.davit({"run", "--rm", "-T", "without"}).err, "Operation not permitted"));
  stack.compose("services: {a: {image: busybox, device_cgroup_rules: ['c 240:x rwm']}}\n");
  const auto up = stack.davit({"up", "-d"});
  EXPECT_EQ(up.code, 1);
  EXPECT_TRUE(contains(up.err, "compose.yaml:1:") &&
              contains(up.err, "invalid device cgroup rule format of service 'a': 'c 240:x rwm'"))
      << up.err;
}

TEST(Port, OfWhatDoesNotRunIsAnErrorAsDockers) {
  Stack stack("cmdport");
  import_busybox(stack);
  stack.compose(
      "services: {a: {image: busybox, command: [sleep, '3600'], stop_grace_period: 0s, ports: "
      "['127.0.0.1:28599:80']}}\n");
  stack.ok({"up", "-d"});
  EXPECT_EQ(stack.ok({"port", "a", "80"}).out, "127.0.0.1:28599\n");
  stack.ok({"stop"});
  const auto port = stack.davit({"port", "a", "80"});
  EXPECT_EQ(port.code, 1);
  EXPECT_TRUE(contains(port.err, "service \"a\" is not running")) << port.err;
}

TEST(Wait, TellsTheExitCode) {
  Stack stack("cmdwait");
  import_busybox(stack);
  stack.compose("services: {a: {image: busybox, command: [sh, -c, 'sleep 1; exit 6']}}\n");
  stack.ok({"up", "-d"});
  EXPECT_EQ(stack.davit({"wait", "a"}, 30s).code, 6);
}

TEST(Build, MakesTheImagesOfTheProject) {
  Stack stack("cmdbuild");
  import_busybox(stack);
  stack.write("Dockerfile", "FROM busybox\nCOPY file /file\nCMD [\"cat\", \"/file\"]\n");
  stack.write("file", "first\n");
  stack.compose("services: {a: {build: .}}\n");
  stack.ok({"build"});
  EXPECT_TRUE(contains(stack.ok({"image", "ls"}).out, "cmdbuild-a"));
  EXPECT_TRUE(contains(stack.ok({"up", "--no-color"}, 60s).out, "a-1  | first\n"));
  stack.write("file", "second\n");
  EXPECT_TRUE(contains(stack.ok({"up", "--build", "--no-color"}, 60s).out, "a-1  | second\n"));
}

TEST(Config, PrintsTheProjectAndItsParts) {
  Stack stack("cmdconfig");
  stack.compose("services: {a: {image: x}, b: {image: y}}\nvolumes: {v: {}}\n");
  EXPECT_EQ(stack.ok({"config", "--services"}).out, "a\nb\n");
  EXPECT_TRUE(contains(stack.ok({"config"}).out, "name: cmdconfig\n"));
}

TEST(UpWait, FailsWhenAServiceTurnsUnhealthy) {
  Stack stack("cmdupwait");
  import_busybox(stack);
  stack.compose(R"(
services:
  a:
    image: busybox
    command: [sleep, "3600"]
    stop_grace_period: 0s
    healthcheck: {test: [CMD, "false"], interval: 100ms, retries: 1}
)");
  const auto up = stack.davit({"up", "--wait"}, 60s);
  EXPECT_EQ(up.code, 1);
  EXPECT_TRUE(contains(up.err, "container cmdupwait-a-1 is unhealthy")) << up.err;
}

}  // namespace
}  // namespace davit::test
