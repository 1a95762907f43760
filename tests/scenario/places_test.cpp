// What fails when a container starts is shown at its attribute, whichever runtime says so; and nothing stays.
#include <gtest/gtest.h>

#include "stack.hpp"

namespace davit::test {
namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

struct Mistake {
  std::string lines;  ///< of service 'a', whose image and runtime are in lines 3 and 4
  std::string place;
  std::string message;
};

class Places : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (::access(("/usr/bin/" + GetParam()).c_str(), X_OK) != 0 &&
        ::access(("/usr/sbin/" + GetParam()).c_str(), X_OK) != 0)
      GTEST_SKIP() << GetParam() << " is not installed";
  }
};

TEST_P(Places, OfWhatFailsAtTheStart) {
  const Stack stack("places" + GetParam());
  import_busybox(stack);
  stack.write("hostfile", "x");
  const Mistake mistakes[] = {
      {"    command: 'true'\n    user: bob\n", "6:11", "unable to find user 'bob'"},
      {"    command: 'true'\n    group_add: [root, bobs]\n", "6:23", "unable to find group 'bobs'"},
      {"    command: nosuch\n", "5:14", "cannot run 'nosuch' in the container: not found in its PATH"},
      {"    command: /etc\n", "5:14", "cannot run '/etc' in the container: it is a folder"},
      {"    command: x\n    entrypoint: /etc/passwd\n", "6:17", "cannot run '/etc/passwd'"},
      {"    command: 'true'\n    working_dir: /etc/passwd\n", "6:18", "'/etc/passwd' is not a directory"},
      {"    command: 'true'\n    cap_add: [NET_ADMIN, FOO]\n", "6:26", "unknown capability 'FOO'"},
      {"    command: 'true'\n    ulimits: {nofile: 30, foo: 3}\n", "6:27", "unknown ulimit 'foo'"},
      {"    command: 'true'\n    ulimits: {nofile: 99999999999}\n", "6:15", "cannot set ulimit 'nofile'"},
      {"    command: 'true'\n    sysctls: {net.ipv4.nosuch: 3}\n", "6:15", "cannot set sysctl 'net.ipv4.nosuch'"},
      {"    command: 'true'\n    sysctls: {vm.swappiness: 3}\n", "6:15", "sysctl 'vm.swappiness' is of the whole host"},
      {"    command: 'true'\n    sysctls: {kernel.msgmax: abc}\n", "6:15", "cannot set sysctl 'kernel.msgmax'"},
      {"    command: 'true'\n    networks: {default: {ipv4_address: 1.2.3.4}}\n", "6:40",
       "address '1.2.3.4' is not in"},
      {"    command: 'true'\n    devices: [/dev/null, /dev/nosuch]\n", "6:26", "cannot give device '/dev/nosuch'"},
      {"    command: 'true'\n    volumes: ['./d:/d', './hostfile:/bin']\n", "6:25",
       "cannot mount at '/bin' in the container"},
      {"    command: 'true'\n    volumes: ['./hostfile/x:/x']\n", "6:15", "cannot create the bind source"},
      {"    command: 'true'\n    tmpfs: ['/x:nonsense=1']\n", "6:13", "cannot mount at '/x' in the container"},
      {"    command: 'true'\n    security_opt: ['seccomp=/nosuch']\n", "6:20", "cannot read '/nosuch'"},
      {"    command: 'true'\n    secrets: [s]\nsecrets: {s: {file: ./nosuch}}\n", "7:21", "no such file or directory"},
  };
  for (const Mistake& mistake : mistakes) {
    stack.compose("services:\n  a:\n    image: busybox\n    runtime: " + GetParam() + "\n" + mistake.lines);
    const auto up = stack.davit({"up", "-d"});
    EXPECT_NE(up.code, 0) << mistake.lines;
    EXPECT_TRUE(contains(up.err, "compose.yaml:" + mistake.place + ": error: ")) << mistake.lines << up.err;
    EXPECT_TRUE(contains(up.err, mistake.message)) << mistake.lines << up.err;
    stack.ok({"down", "-t", "0"});
  }
  EXPECT_TRUE(stack.leaves_nothing());
}

INSTANTIATE_TEST_SUITE_P(Runtimes, Places, ::testing::Values("crun", "runc"),
                         [](const auto& test) { return test.param; });

TEST(PortsOfOneProject, ARunningContainerIsNamedAndNotTheProject) {
  const Stack stack("placesport");
  import_busybox(stack);
  const std::string base = "services:\n  a: {image: busybox, command: [sleep, '100'], stop_grace_period: 0s, ports: ['";
  stack.compose(base + "127.0.0.1:18571-18572:80']}\n");
  stack.ok({"up", "-d"});
  stack.compose(
      base +
      "127.0.0.1:18571-18572:80']}\n"
      "  b: {image: busybox, command: [sleep, '100'], stop_grace_period: 0s, ports: ['127.0.0.1:18571:80']}\n");
  const auto up = stack.davit({"up", "-d"});
  EXPECT_NE(up.code, 0);
  EXPECT_TRUE(contains(up.err,
                       "compose.yaml:3:79: error: port 127.0.0.1:18571/tcp is already published by container "
                       "'placesport-a-1' of this project"))
      << up.err;
  stack.ok({"down"});
  EXPECT_TRUE(stack.leaves_nothing());
}

TEST(Output, ThatIsLostIsAnError) {
  const Stack stack("outputlost");
  stack.compose("services: {a: {image: busybox}}\n");
  const auto shell = [&](const std::string& words) {
    Program program({"/bin/bash", "-c", std::string(DAVIT_PROGRAM) + " " + words}, {.cwd = stack.folder()});
    return program.finish(30s);
  };
  for (const char* command : {"config", "config --services", "--help", "version", "graph"}) {
    const auto lost = shell(std::string(command) + " > /dev/full");
    EXPECT_EQ(lost.code, 1) << command;
    EXPECT_EQ(lost.err, "error: cannot write to standard output: no space left on device\n") << command;
  }
  const auto enough = shell("config | head -1");
  EXPECT_EQ(enough.out, "name: project\n");
  EXPECT_EQ(enough.err, "");
}

/// `up -d` of a small stack where no more than `limit` files may be open.
ProgramOutput up_with_files(const Stack& stack, int limit) {
  const std::string davit = std::string(DAVIT_PROGRAM) + " -p fewfiles --data-root " + stack.data_root().string() +
                            " --run-root " + stack.run_root().string();
  Program program({"/bin/bash", "-c", "ulimit -n " + std::to_string(limit) + "; " + davit + " up -d"},
                  {.cwd = stack.folder()});
  return program.finish(60s);
}

TEST(Descriptors, AFewAreEnoughForASmallStack) {
  const Stack stack("fewfiles");
  import_busybox(stack);
  stack.compose("services: {a: {image: busybox, command: [sleep, '100'], stop_grace_period: 0s}}\n");
  const auto few = up_with_files(stack, 64);
  EXPECT_EQ(few.code, 0) << few.err;
  stack.ok({"down"});
  EXPECT_TRUE(stack.leaves_nothing());
}

TEST(Descriptors, TooFewAreNamedAndLeaveNothing) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "UBSan, which comes with it, looks at an object's type by way of a pipe, and there is none to be had";
#endif
  const Stack stack("fewfiles");
  import_busybox(stack);
  stack.compose("services: {a: {image: busybox, command: [sleep, '100'], stop_grace_period: 0s}}\n");
  const auto too_few = up_with_files(stack, 16);
  EXPECT_NE(too_few.code, 0);
  EXPECT_TRUE(contains(too_few.err, "too many open files")) << too_few.err;
  EXPECT_TRUE(stack.leaves_nothing());
}

}  // namespace
}  // namespace davit::test
