// Services that share an IPC namespace see the same shared memory: POSIX in /dev/shm, and System V's segments.
#include <gtest/gtest.h>

#include "stack.hpp"

namespace davit::test {
namespace {

class SharedMemory : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (::access(("/usr/bin/" + GetParam()).c_str(), X_OK) != 0 &&
        ::access(("/usr/sbin/" + GetParam()).c_str(), X_OK) != 0)
      GTEST_SKIP() << GetParam() << " is not installed";
  }
};

TEST_P(SharedMemory, OfALenderIsThatOfWhoJoins) {
  const Stack stack("shm" + GetParam());
  import_busybox(stack);
  // The host's programs: busybox cannot make a segment.
  const std::string service =
      "    image: busybox\n    command: [sleep, '3600']\n    stop_grace_period: 0s\n    runtime: " + GetParam() +
      "\n    volumes: ['/usr:/usr:ro', '/lib:/lib:ro', '/lib64:/lib64:ro']\n";
  stack.compose("services:\n  lender:\n" + service + "    ipc: shareable\n    shm_size: 8m\n  joiner:\n" + service +
                "    ipc: service:lender\n  third:\n" + service + "    ipc: service:joiner\n  apart:\n" + service);
  stack.ok({"up", "-d"});
  stack.ok({"exec", "-T", "lender", "sh", "-c", "echo hello > /dev/shm/x && /usr/bin/ipcmk -M 4096"});
  for (const char* name : {"joiner", "third"}) {
    EXPECT_EQ(stack.ok({"exec", "-T", name, "cat", "/dev/shm/x"}).out, "hello\n") << name;
    EXPECT_EQ(stack.ok({"exec", "-T", name, "sh", "-c", "tail -n +2 /proc/sysvipc/shm | wc -l"}).out, "1\n") << name;
  }
  stack.ok({"exec", "-T", "-u", "nobody", "third", "sh", "-c", "echo back > /dev/shm/y"});
  EXPECT_EQ(stack.ok({"exec", "-T", "lender", "cat", "/dev/shm/y"}).out, "back\n");
  for (const char* name : {"lender", "joiner"}) {
    const std::string mount = stack.ok({"exec", "-T", name, "grep", " /dev/shm ", "/proc/mounts"}).out;
    for (const char* option : {"nosuid", "nodev", "noexec", "size=8192k"})
      EXPECT_NE(mount.find(option), std::string::npos) << name << ": " << mount;
    EXPECT_EQ(stack.ok({"exec", "-T", name, "stat", "-c", "%a", "/dev/shm"}).out, "1777\n") << name;
  }
  EXPECT_EQ(stack.ok({"exec", "-T", "apart", "ls", "/dev/shm"}).out, "");
  EXPECT_EQ(stack.ok({"exec", "-T", "apart", "sh", "-c", "tail -n +2 /proc/sysvipc/shm | wc -l"}).out, "0\n");
  // Who has joined keeps it when the lender ends.
  stack.ok({"stop", "lender"});
  EXPECT_EQ(stack.ok({"exec", "-T", "joiner", "cat", "/dev/shm/x"}).out, "hello\n");
  stack.ok({"down"});
  EXPECT_TRUE(stack.leaves_nothing());
}

TEST_P(SharedMemory, OfTheHostIsPassedOn) {
  const Stack stack("shmhost" + GetParam());
  import_busybox(stack);
  const std::string service =
      "{image: busybox, command: [sleep, '3600'], stop_grace_period: 0s, runtime: " + GetParam();
  stack.compose("services:\n  a: " + service + ", ipc: host}\n  b: " + service + ", ipc: 'service:a'}\n");
  stack.ok({"up", "-d"});
  const std::string file = "/dev/shm/davit-test-" + stack.name();
  stack.ok({"exec", "-T", "b", "touch", file});
  EXPECT_TRUE(std::filesystem::exists(file));
  std::filesystem::remove(file);
  stack.ok({"down"});
  EXPECT_TRUE(stack.leaves_nothing());
}

INSTANTIATE_TEST_SUITE_P(Runtimes, SharedMemory, ::testing::Values("crun", "runc"),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace davit::test
