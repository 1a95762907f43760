// The smaller commands.
#include <gtest/gtest.h>

#include "stack.hpp"

namespace davit::test {
namespace {

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(Exec, PassesInputOutputAndExitCode) {
  Stack stack("cmdexec");
  import_busybox(stack);
  stack.compose("services: {a: {image: busybox, command: [sleep, '3600'], stop_grace_period: 0s, environment: {X: y}}}\n");
  stack.ok({"up", "-d"});
  EXPECT_EQ(stack.ok({"exec", "-T", "a", "cat"}, 30s, "through\n").out, "through\n");
  EXPECT_EQ(stack.davit({"exec", "-T", "a", "sh", "-c", "exit 5"}).code, 5);
  EXPECT_TRUE(contains(stack.ok({"exec", "-T", "-e", "M=1", "-w", "/tmp", "a", "sh", "-c", "echo $X $M $PWD"}).out, "y 1 /tmp"));
  EXPECT_EQ(stack.ok({"exec", "-T", "-u", "nobody", "a", "id", "-u"}).out, "65534\n");
  const auto missing = stack.davit({"exec", "-T", "nobody", "true"});
  EXPECT_EQ(missing.code, 1);
  EXPECT_TRUE(contains(missing.err, "nobody")) << missing.err;
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
  EXPECT_TRUE(eventually([&] { return contains(stack.davit({"ps", "-a"}).out, "Exited (137)"); }, 10s));
}

TEST(Restart, GivesTheSamePortsBack) {
  Stack stack("cmdrestart");
  import_busybox(stack);
  stack.compose("services: {a: {image: busybox, command: [sleep, '3600'], stop_grace_period: 0s, ports: ['127.0.0.1:28484:80', '127.0.0.1:28484:80/udp']}}\n");
  stack.ok({"up", "-d"});
  for (int i = 0; i < 5; ++i) stack.ok({"restart"});
  EXPECT_EQ(stack.ok({"port", "a", "80"}).out, "127.0.0.1:28484\n");
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
