// An attached `up`: what is shown, when it ends, with which code. Each fact was learned from docker compose.
#include <gtest/gtest.h>

#include "stack.hpp"

namespace davit::test {
namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// A database that runs on, a web server that ends with 4, and a job that ends with 5 a little later.
void compose(const Stack& stack) {
  import_busybox(stack);
  stack.compose(R"(
services:
  db: {image: busybox, command: [sleep, "3600"], stop_grace_period: 0s}
  web: {image: busybox, command: [sh, -c, "echo hi; exit 4"], depends_on: [db]}
  job: {image: busybox, command: [sh, -c, "trap 'exit 6' TERM; touch /ready; echo working; while :; do sleep 0.05; done"]}
)");
}

TEST(UpAttached, EndsWithTheNamedServicesAndLeavesTheirDependenciesRunning) {
  Stack stack("attnamed");
  compose(stack);
  const auto up = stack.ok({"up", "web"});
  EXPECT_TRUE(contains(up.out, "Attaching to web-1\n")) << up.out;
  EXPECT_TRUE(contains(up.out, "web-1  | hi\n")) << up.out;
  EXPECT_TRUE(contains(up.out, "web-1 exited with code 4\n")) << up.out;
  EXPECT_EQ(stack.ok({"ps", "--format", "{{.Service}} {{.State}}"}).out, "db running\n");
}

TEST(UpAttached, EndsWithWhatIsShownWhenNoServiceIsNamed) {
  Stack stack("attshown");
  compose(stack);
  const auto up = stack.ok({"up", "--no-attach", "db", "--no-attach", "job"});
  EXPECT_TRUE(contains(up.out, "Attaching to web-1\n")) << up.out;
  EXPECT_FALSE(contains(up.out, "working")) << up.out;
}

TEST(UpAttached, AbortFlagsGiveTheCodeOfWhatEndedFirst) {
  Stack stack("attabort");
  compose(stack);
  // The job can be stopped in its own way when the server has ended.
  stack.write("order.yaml", R"(
services:
  job: {healthcheck: {test: [CMD, test, -e, /ready], interval: 1s, retries: 100}}
  web: {depends_on: {job: {condition: service_healthy}}}
)");
  EXPECT_EQ(stack.davit({"-f", "compose.yaml", "-f", "order.yaml", "up", "--abort-on-container-exit"}).code, 4);
  EXPECT_EQ(stack.ok({"ps", "-q"}).out, "") << "everything is stopped";
  EXPECT_EQ(stack.davit({"-f", "compose.yaml", "-f", "order.yaml", "up", "--abort-on-container-failure"}).code, 4);
  EXPECT_EQ(stack.davit({"-f", "compose.yaml", "-f", "order.yaml", "up", "--exit-code-from", "job"}).code, 6)
      << "its own code, though the abort has stopped it";
}

TEST(UpAttached, NamesThatAreNotInTheProjectAreErrorsBeforeAnythingStarts) {
  Stack stack("attwrong");
  compose(stack);
  const auto from = stack.davit({"up", "--exit-code-from", "nobody"});
  EXPECT_EQ(from.code, 1);
  EXPECT_TRUE(contains(from.err, "no such service: nobody")) << from.err;
  const auto attach = stack.davit({"up", "--attach", "nobody"});
  EXPECT_EQ(attach.code, 1);
  EXPECT_TRUE(contains(attach.err, "cannot attach to services not included in up: nobody")) << attach.err;
  EXPECT_EQ(stack.ok({"ps", "-aq"}).out, "");
}

TEST(UpAttached, FirstSignalStopsSecondKills) {
  Stack stack("attsignal");
  import_busybox(stack);
  stack.compose(R"(
services:
  a:
    image: busybox
    command: [sh, -c, "trap 'echo stubborn' TERM; echo ready; while :; do sleep 0.05; done"]
    stop_grace_period: 1h
)");
  const auto up = stack.start({"up"});
  ASSERT_TRUE(up->wait_for_output("| ready", 30s));
  up->signal(SIGINT);
  ASSERT_TRUE(up->wait_for_output("| stubborn", 30s)) << up->output().err;
  up->signal(SIGINT);
  EXPECT_EQ(up->finish(30s).code, 130);
  EXPECT_TRUE(contains(stack.ok({"ps", "-a"}).out, "Exited (137)"));
}

TEST(UpAttached, ASignalCutsTheStartShortAndStopsWhatRuns) {
  Stack stack("attcut");
  import_busybox(stack);
  stack.compose(R"(
services:
  never:
    image: busybox
    command: [sh, -c, "echo waiting; sleep 3600"]
    healthcheck: {test: [CMD, "false"], interval: 1h, start_period: 1h}
  after:
    image: busybox
    command: [sleep, "3600"]
    depends_on: {never: {condition: service_healthy}}
)");
  const auto up = stack.start({"up"});
  ASSERT_TRUE(up->wait_for_output("| waiting", 30s));
  up->signal(SIGINT);
  EXPECT_EQ(up->finish(30s).code, 130);
  EXPECT_EQ(stack.ok({"ps", "-q"}).out, "");
}

TEST(UpAttached, DoesNotKeepOthersFromRemovingLayersAfterItHasBuilt) {
  Stack stack("attbuilt");
  import_busybox(stack);
  stack.compose(R"(
services:
  web:
    build: {dockerfile_inline: "FROM busybox\nRUN --network=none echo built > /built\n"}
    command: [sh, -c, "echo works; sleep 3600"]
)");
  const auto up = stack.start({"up"});
  ASSERT_TRUE(up->wait_for_output("| works", 30s)) << up->output().err;
  const std::string tar = (stack.folder() / "other.tar").string();
  Program pack({"/bin/busybox", "tar", "-C", stack.folder().string(), "-cf", tar, "compose.yaml"}, {});
  ASSERT_EQ(pack.finish(30s).code, 0);
  stack.ok({"image", "import", tar, "other"});
  const std::string removed = stack.ok({"image", "rm", "other"}).out;
  EXPECT_EQ(std::count(removed.begin(), removed.end(), '\n'), 3) << "name, image and layer: " << removed;
  up->signal(SIGINT);
  EXPECT_EQ(up->finish(30s).code, 130);
}

TEST(UpDetached, ASignalEndsTheWaitForADependency) {
  Stack stack("detcut");
  import_busybox(stack);
  stack.compose(R"(
services:
  never:
    image: busybox
    command: [sleep, "3600"]
    healthcheck: {test: [CMD, "false"], interval: 1h, start_period: 1h}
  after:
    image: busybox
    command: [sleep, "3600"]
    depends_on: {never: {condition: service_healthy}}
)");
  const auto up = stack.start({"up", "-d"});
  ASSERT_TRUE(up->wait_for_output("never-1 Waiting", 30s));
  up->signal(SIGINT);
  EXPECT_EQ(up->finish(30s).code, 130);
}

TEST(UpAttached, ASmallerScaleDoesNotKeepItFromEnding) {
  Stack stack("attscale");
  import_busybox(stack);
  stack.compose("services: {a: {image: busybox, command: ['true']}}\n");
  stack.ok({"up", "-d", "--scale", "a=3"});
  EXPECT_EQ(stack.ok({"ps", "-a", "--format", "{{.Name}}"}).out, "attscale-a-1\nattscale-a-2\nattscale-a-3\n");
  // The two that go were there when it began, and are gone before it watches.
  const auto up = stack.ok({"up", "--scale", "a=1"}, 60s);
  EXPECT_TRUE(contains(up.out, "a-1 exited with code 0\n")) << up.out;
  EXPECT_FALSE(contains(up.out, "a-2 exited")) << up.out;
  EXPECT_TRUE(contains(up.err, "Container attscale-a-3 Removed")) << up.err;
  EXPECT_FALSE(contains(up.out, "a-3 exited")) << up.out;
  EXPECT_TRUE(contains(up.err, "Container attscale-a-2 Removed")) << up.err;
  EXPECT_EQ(stack.ok({"ps", "-a", "--format", "{{.Name}} {{.State}}"}).out, "attscale-a-1 exited\n");
}

TEST(LogsFollow, TellsOfEndsAndEndsWithTheLastContainer) {
  Stack stack("attlogs");
  import_busybox(stack);
  stack.compose(
      "services: {a: {image: busybox, command: [sh, -c, 'echo one; read line; echo two; exit 3'], stdin_open: "
      "true}}\n");
  stack.ok({"up", "-d"});
  const auto logs = stack.start({"logs", "-f"});
  ASSERT_TRUE(logs->wait_for_output("one", 30s));
  stack.ok({"kill"});
  const auto done = logs->finish(30s);
  EXPECT_EQ(done.code, 0);
  EXPECT_TRUE(contains(done.out, "a-1 exited with code 137")) << done.out;
}

}  // namespace
}  // namespace davit::test
