// Several commands on one project at the same time: docs/architecture.md, "One command at a time".
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/inotify.h>

#include <chrono>
#include <filesystem>

#include "stack.hpp"

namespace davit::test {
namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// A service that is never healthy, and one that waits for it.
constexpr const char* kNeverUp = R"(
services:
  never:
    image: busybox
    command: [sh, -c, "echo waiting; exec sleep 3600"]
    healthcheck: {test: [CMD, "false"], interval: 1h, start_period: 1h}
  after:
    image: busybox
    command: [sleep, "3600"]
    depends_on: {never: {condition: service_healthy}}
)";

constexpr const char* kThree = R"(
services:
  a: {image: busybox, command: [sleep, "3600"], ports: ["127.0.0.1::80"]}
  b: {image: busybox, command: [sleep, "3600"]}
  c: {image: busybox, command: [sleep, "3600"], depends_on: [a, b]}
)";

TEST(Turns, ADownEndsAnUpThatWaits) {
  Stack stack("turnwait");
  import_busybox(stack);
  stack.compose(kNeverUp);
  const auto up = stack.start({"up", "-d"});
  ASSERT_TRUE(up->wait_for_output("never-1 Waiting", 30s));
  stack.ok({"down"});
  EXPECT_TRUE(stack.leaves_nothing());
  const auto ended = up->finish(30s);
  EXPECT_EQ(ended.code, 1);
  EXPECT_TRUE(contains(ended.err, "project 'turnwait' was lowered by another command: davit down")) << ended.err;
  EXPECT_EQ(stack.ok({"ps", "-aq"}).out, "");
}

TEST(Turns, ADownEndsAnAttachedUpThatStillStarts) {
  Stack stack("turnattstart");
  import_busybox(stack);
  stack.compose(kNeverUp);
  const auto up = stack.start({"up"});
  ASSERT_TRUE(up->wait_for_output("| waiting", 30s));
  stack.ok({"down"});
  const auto ended = up->finish(30s);
  EXPECT_EQ(ended.code, 1);
  EXPECT_TRUE(contains(ended.err, "was lowered by another command: davit down")) << ended.err;
  EXPECT_TRUE(stack.leaves_nothing());
}

TEST(Turns, AnAttachedUpEndsWithWhatADownStops) {
  Stack stack("turnatt");
  import_busybox(stack);
  stack.compose("services: {a: {image: busybox, command: [sh, -c, 'echo ready; exec sleep 3600'], restart: always}}\n");
  const auto up = stack.start({"up"});
  ASSERT_TRUE(up->wait_for_output("| ready", 30s));
  stack.ok({"down"});
  const auto ended = up->finish(30s);
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_TRUE(contains(ended.out, "a-1 exited with code 137")) << ended.out;
  EXPECT_TRUE(stack.leaves_nothing());
}

TEST(Turns, ADownEndsAnUpThatBuilds) {
  Stack stack("turnbuild");
  import_busybox(stack);
  stack.write("Dockerfile", "FROM busybox\nRUN echo long work begins && sleep 3600\n");
  stack.compose("services: {b: {build: .}, a: {image: busybox, command: [sleep, '3600']}}\n");
  const auto up = stack.start({"--progress", "plain", "up", "-d"});
  ASSERT_TRUE(up->wait_for_output("long work begins", 60s)) << up->output().err;
  stack.ok({"down"});
  const auto ended = up->finish(30s);
  EXPECT_EQ(ended.code, 1);
  EXPECT_TRUE(contains(ended.err, "was lowered by another command: davit down")) << ended.err;
  EXPECT_TRUE(stack.leaves_nothing());
}

TEST(Turns, AnUpWaitsForTheUpBeforeItAndGoesOnFromThere) {
  Stack stack("turnups");
  import_busybox(stack);
  stack.compose(R"(
services:
  gate:
    image: busybox
    command: [sleep, "3600"]
    volumes: [./gate:/gate]
    healthcheck: {test: [CMD, test, -e, /gate/open], interval: 100ms, retries: 100000}
  after: {image: busybox, command: [sleep, "3600"], depends_on: {gate: {condition: service_healthy}}}
)");
  stack.write("gate/readme", "");
  const auto first = stack.start({"up", "-d"});
  ASSERT_TRUE(first->wait_for_output("gate-1 Waiting", 30s));
  const auto second = stack.start({"up", "-d"});
  ASSERT_TRUE(second->wait_for_output("waiting for its end: davit up", 30s));
  stack.write("gate/open", "");
  EXPECT_EQ(first->finish(30s).code, 0);
  const auto done = second->finish(30s);
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_TRUE(contains(done.err, "turnups-after-1 Running")) << done.err;
}

TEST(Turns, AnUpKeepsItsTurnWhenTheSupervisorIsKilled) {
  Stack stack("turnkill");
  import_busybox(stack);
  stack.compose(R"(
services:
  gate:
    image: busybox
    command: [sleep, "3600"]
    volumes: [./gate:/gate]
    healthcheck: {test: [CMD, test, -e, /gate/open], interval: 100ms, retries: 100000}
  after: {image: busybox, command: [sleep, "3600"], depends_on: {gate: {condition: service_healthy}}}
)");
  stack.write("gate/readme", "");
  const auto first = stack.start({"up", "-d"});
  ASSERT_TRUE(first->wait_for_output("gate-1 Waiting", 30s));
  const auto second = stack.start({"up", "-d"});
  ASSERT_TRUE(second->wait_for_output("waiting for its end: davit up", 30s));
  const auto third = stack.start({"up", "-d"});
  ASSERT_TRUE(third->wait_for_output("waiting for its end: davit up", 30s));
  const pid_t before = stack.supervisor();
  ASSERT_NE(before, 0);
  ::kill(before, SIGKILL);
  stack.ok({"ps"});  // answered by the next one
  ASSERT_NE(stack.supervisor(), before);
  EXPECT_FALSE(contains(second->output().err, "gate-1")) << "it has begun";
  EXPECT_FALSE(contains(third->output().err, "gate-1")) << "it has begun";
  stack.write("gate/open", "");
  for (const auto* up : {&first, &second, &third}) {
    const auto ended = (*up)->finish(30s);
    EXPECT_EQ(ended.code, 0) << ended.err;
  }
  EXPECT_TRUE(contains(second->output().err, "turnkill-after-1 Running")) << second->output().err;
  stack.ok({"down"});
  EXPECT_TRUE(stack.leaves_nothing());
}

TEST(Turns, UpsAndDownsInAnyOrderLeaveOneOrTheOther) {
  Stack stack("turnmix");
  import_busybox(stack);
  stack.compose(kThree);
  for (int round = 0; round < 12; ++round) {
    const auto up = stack.start({"up", "-d"});
    // Hits the up at another point in every round: at once, or after its first, second, … line.
    constexpr const char* kPoints[] = {
        "", "Creating", "Network turnmix_default Created", "a-1 Created", "a-1 Starting", "c-1 Starting"};
    const std::string point = kPoints[round % 6];
    if (!point.empty()) {
      ASSERT_TRUE(up->wait_for_output(point, 30s)) << up->output().err;
    }
    const auto down = stack.davit({"down"});
    EXPECT_EQ(down.code, 0) << point << ": " << down.err;
    const auto ended = up->finish(30s);
    const bool lowered = ended.code == 1 && contains(ended.err, "was lowered by another command: davit down");
    EXPECT_TRUE(ended.code == 0 || lowered) << point << ": " << ended.err;
    // An up that came after the down has raised everything, one that came before nothing.
    const std::string running = stack.ok({"ps", "--format", "{{.Service}}"}).out;
    EXPECT_TRUE(running.empty() || running == "a\nb\nc\n") << point << ": " << running;
    stack.ok({"down"});
    ASSERT_TRUE(stack.leaves_nothing()) << point;
  }
}

TEST(Turns, ADownAfterACrashAndAnUpDoNotGetInEachOthersWay) {
  Stack stack("turncrash");
  import_busybox(stack);
  stack.compose(kThree);
  for (int round = 0; round < 3; ++round) {
    stack.ok({"up", "-d"});
    for (const pid_t pid : stack.engine_processes()) ::kill(pid, SIGKILL);
    const auto down = stack.start({"down"});
    const auto up = stack.start({"up", "-d"});
    EXPECT_EQ(down->finish(60s).code, 0) << down->output().err;
    const auto ended = up->finish(60s);
    const bool lowered = ended.code == 1 && contains(ended.err, "was lowered by another command");
    EXPECT_TRUE(ended.code == 0 || lowered) << ended.err;
    stack.ok({"down"});
    ASSERT_TRUE(stack.leaves_nothing());
  }
}

TEST(Turns, CtrlCEndsTheWaitForTheStartOfAnotherCommand) {
  Stack stack("turnlock");
  import_busybox(stack);
  stack.compose(kThree);
  const std::filesystem::path folder = stack.run_root() / "turnlock";
  std::filesystem::create_directories(folder);
  const Fd lock(::open((folder / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  ASSERT_EQ(::flock(lock.get(), LOCK_EX), 0);
  const Fd opened(::inotify_init1(IN_CLOEXEC));
  ASSERT_GE(::inotify_add_watch(opened.get(), (folder / "lock").c_str(), IN_OPEN), 0);
  const auto up = stack.start({"up", "-d"});
  pollfd tells{opened.get(), POLLIN, 0};
  ASSERT_EQ(::poll(&tells, 1, std::chrono::milliseconds(patient(30s)).count()), 1);
  up->signal(SIGINT);
  EXPECT_EQ(up->finish(30s).code, 130);
  EXPECT_EQ(stack.ok({"ps", "-aq"}).out, "");
}

}  // namespace
}  // namespace davit::test
