// What happens when parts of davit die at the worst moment.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <sstream>

#include "stack.hpp"

namespace davit::test {
namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Resilience, AKilledSupervisorLosesNoLogLine) {
  Stack stack("killlogs");
  import_busybox(stack);
  constexpr int kLines = 300000;
  stack.compose("services: {a: {image: busybox, command: [sh, -c, 'seq 1 " + std::to_string(kLines) +
                "; echo done']}}\n");
  stack.ok({"up", "-d"});
  // Three deaths while the flood runs; the keeper brings each successor up.
  for (int i = 0; i < 3; ++i) {
    const pid_t pid = stack.supervisor();
    ASSERT_NE(pid, 0);
    ::kill(pid, SIGKILL);
    stack.ok({"ps"});  // answered by the next one
    ASSERT_NE(stack.supervisor(), pid);
  }
  EXPECT_EQ(stack.davit({"wait", "a"}, 60s).code, 0);
  ASSERT_TRUE(contains(stack.ok({"ps", "-a"}).out, "Exited (0)"));
  std::istringstream lines(stack.ok({"logs", "--no-log-prefix"}).out);
  int expected = 1;
  std::string line;
  while (std::getline(lines, line) && line != "done") {
    ASSERT_EQ(line, std::to_string(expected));
    ++expected;
  }
  EXPECT_EQ(expected, kLines + 1);
  EXPECT_EQ(line, "done");
}

TEST(Resilience, ASecondUpFinishesAfterEverythingButTheContainersWasKilled) {
  Stack stack("killkeeper");
  import_busybox(stack);
  stack.compose(R"(
services:
  a: {image: busybox, command: [sh, -c, "echo runs; exec sleep 3600"], stop_grace_period: 0s, ports: ["80"]}
)");
  stack.ok({"up", "-d"});
  ASSERT_TRUE(stack.logs("runs")) << "until then the container's process looks like the runtime it was";
  for (const pid_t pid : stack.engine_processes()) ::kill(pid, SIGKILL);
  ASSERT_TRUE(stack.engine_ends());
  const auto ps = stack.ok({"ps", "--format", "{{.State}} {{.Status}}"}).out;
  EXPECT_TRUE(ps.starts_with("running Up ") && contains(ps, "(unsupervised)")) << ps;
  EXPECT_EQ(stack.ok({"ls", "-q"}).out, "killkeeper\n");
  EXPECT_FALSE(stack.ok({"--dry-run", "up"}).out.starts_with("nothing to do")) << "it cannot be kept";
  stack.ok({"up", "-d"}, 60s);
  EXPECT_TRUE(contains(stack.ok({"port", "a", "80"}).out, "0.0.0.0:"));
  stack.ok({"down"}, 60s);
}

/// select(2), with which libnftables waits, takes descriptors below 1024 only.
TEST(Resilience, ASupervisorWithThousandsOfDescriptorsIsReplacedToo) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_max < 4096) GTEST_SKIP() << "no more than " << limit.rlim_max << " descriptors are allowed here";
  Stack stack("manyfds");
  import_busybox(stack);
  stack.compose(R"(
services:
  a: {image: busybox, init: true, command: [httpd, -f, -p, "3000"], ports: ["127.0.0.1:23000-24299:3000-4299"]}
  b: {image: busybox, init: true, command: [sleep, "3600"]}
)");
  stack.ok({"up", "-d"});
  const pid_t supervisor = stack.supervisor();
  ASSERT_NE(supervisor, 0);
  const auto held =
      std::distance(std::filesystem::directory_iterator("/proc/" + std::to_string(supervisor) + "/fd"), {});
  ASSERT_GT(held, 1100);
  ::kill(supervisor, SIGKILL);
  stack.ok({"ps"});  // answered by the next one
  EXPECT_EQ(stack.ok({"exec", "-T", "b", "sh", "-c", "wget -qO- http://a:3000/nowhere 2>&1 | grep -c 404"}).out, "1\n");
  stack.ok({"up", "-d", "--scale", "b=2"});
  EXPECT_EQ(stack.supervisor() == supervisor, false);
  stack.ok({"down"});
  EXPECT_TRUE(stack.leaves_nothing());
}

TEST(Resilience, AnAttachedRunEndsWithItsKeeper) {
  Stack stack("killrun");
  import_busybox(stack);
  stack.compose("services: {a: {image: busybox, stop_grace_period: 0s}}\n");
  const auto run = stack.start({"run", "--rm", "-T", "a", "sh", "-c", "echo runs; exec sleep 3600"});
  ASSERT_TRUE(run->wait_for_output("runs\n", 30s));
  const pid_t keeper = stack.keeper();
  ASSERT_NE(keeper, 0);
  ::kill(keeper, SIGKILL);
  const auto ended = run->finish(30s);
  EXPECT_EQ(ended.code, 1);
  EXPECT_TRUE(contains(ended.err, "error: ")) << ended.err;
  stack.ok({"down"}, 60s);
}

TEST(Resilience, HealthNamesPortsAndExitCodesWorkAfterTheSupervisorWasKilled) {
  Stack stack("killsup");
  import_busybox(stack);
  stack.compose(R"(
services:
  a:
    image: busybox
    command: [sh, -c, "touch /ok; mkfifo /stop; read line < /stop; exit 7"]
    healthcheck: {test: [CMD, test, -e, /ok], interval: 1s, retries: 1}
    ports: ["127.0.0.1:28282:80"]
  b: {image: busybox, command: [sleep, "3600"], stop_grace_period: 0s}
)");
  stack.ok({"up", "-d", "--wait"}, 60s);
  const pid_t before = stack.supervisor();
  ASSERT_NE(before, 0);
  ::kill(before, SIGKILL);
  stack.ok({"ps"});  // answered by the next one
  ASSERT_NE(stack.supervisor(), before);
  EXPECT_EQ(stack.davit({"exec", "-T", "b", "ping", "-c1", "-W2", "a"}).code, 0) << "names";
  EXPECT_EQ(stack.ok({"port", "a", "80"}).out, "127.0.0.1:28282\n");
  stack.ok({"exec", "-T", "a", "rm", "/ok"});
  EXPECT_TRUE(stack.happens("health_status: unhealthy"));
  EXPECT_TRUE(contains(stack.ok({"ps"}).out, "(unhealthy)")) << "health";
  stack.davit({"exec", "-T", "a", "sh", "-c", "echo > /stop"});  // may be killed with the container that it ends
  EXPECT_EQ(stack.davit({"wait", "a"}, 30s).code, 7) << "exit code";
  EXPECT_TRUE(contains(stack.ok({"ps", "-a"}).out, "Exited (7)"));
}

TEST(Resilience, ASecondUpFinishesWhatAKilledOneBegan) {
  Stack stack("killup");
  import_busybox(stack);
  std::string text = "services:\n";
  for (int i = 0; i < 20; ++i)
    text += "  s" + std::to_string(i) + ": {image: busybox, command: [sleep, '3600'], stop_grace_period: 0s}\n";
  stack.compose(text);
  {
    const auto up = stack.start({"up", "-d"});
    ASSERT_TRUE(up->wait_for_output(" Started ", 30s)) << up->output().err;
    up->signal(SIGKILL);
    EXPECT_EQ(up->finish(10s).code, 128 + SIGKILL);
  }
  stack.ok({"up", "-d"}, 60s);
  const auto quiet = stack.ok({"ps", "-q"});
  EXPECT_EQ(std::count(quiet.out.begin(), quiet.out.end(), '\n'), 20);
}

TEST(Resilience, DownFindsEverythingAfterAllProcessesWereKilled) {
  Stack stack("killall");
  import_busybox(stack);
  stack.compose(
      "services: {a: {image: busybox, command: [sleep, '3600'], ports: ['28383:80']}, b: {image: busybox, command: "
      "[sleep, '3600']}}\n");
  stack.ok({"up", "-d"});
  for (const pid_t pid : stack.engine_processes()) ::kill(pid, SIGKILL);
  ASSERT_TRUE(stack.engine_ends());
  std::filesystem::remove_all(stack.run_root() / stack.name());  // no state file helps
  stack.ok({"down"}, 60s);
  EXPECT_TRUE(stack.leaves_nothing());
  stack.ok({"up", "-d"}, 60s);
}

}  // namespace
}  // namespace davit::test
