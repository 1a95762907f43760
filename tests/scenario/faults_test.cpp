// Bad input and bad luck: one clear message each, with its place, and nothing half-made left.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "stack.hpp"

namespace davit::test {
namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

void expect_error(const ProgramOutput& got, std::initializer_list<const char*> parts) {
  EXPECT_EQ(got.code, 1) << got.err;
  for (const char* part : parts) EXPECT_TRUE(contains(got.err, part)) << "missing: " << part << "\n" << got.err;
}

TEST(Faults, BrokenYamlIsPointedAt) {
  Stack stack("faultyaml");
  stack.compose("services:\n  a:\n    image: busybox\n   command: x\n");
  expect_error(stack.davit({"up", "-d"}), {"compose.yaml:4:", "error: "});
}

TEST(Faults, ACycleIsShownAsAPath) {
  Stack stack("faultcycle");
  stack.compose(R"(
services:
  a: {image: x, depends_on: [b]}
  b: {image: x, depends_on: [c]}
  c: {image: x, depends_on: [a]}
)");
  expect_error(stack.davit({"up", "-d"}), {"dependency cycle", "a -> b -> c -> a", "compose.yaml:3:"});
}

TEST(Faults, AnUnknownDependencyNamesTheNearest) {
  Stack stack("faultdep");
  stack.compose("services:\n  database: {image: x}\n  api:\n    image: x\n    depends_on:\n      - databse\n");
  expect_error(stack.davit({"up", "-d"}), {"compose.yaml:6:9: error: ", "'databse'", "did you mean 'database'?"});
}

TEST(Faults, AMissingImageSaysWhereItIsAskedFor) {
  Stack stack("faultimage");
  stack.compose("services:\n  a:\n    image: no-such-image:1.0\n");
  expect_error(stack.davit({"up", "-d"}), {"compose.yaml:3:", "no-such-image:1.0"});
  EXPECT_TRUE(stack.leaves_nothing());
}

TEST(Faults, AFailingRunPointsIntoTheDockerfile) {
  Stack stack("faultrun");
  import_busybox(stack);
  stack.write("Dockerfile", "FROM busybox\nRUN echo before the end && exit 3\n");
  stack.compose("services: {a: {build: .}}\n");
  expect_error(stack.davit({"up", "-d"}), {"Dockerfile:2", "before the end", "3"});
  EXPECT_TRUE(stack.leaves_nothing());
}

TEST(Faults, AFailedBuildLeavesANetworkThatWasThere) {
  Stack stack("faultkeep");
  import_busybox(stack);
  stack.compose("services: {a: {image: busybox, command: [sleep, '1000']}}\n");
  ASSERT_EQ(stack.davit({"up", "-d"}).code, 0);
  stack.write("Dockerfile", "FROM busybox\nRUN exit 3\n");
  stack.compose("services: {a: {image: busybox, command: [sleep, '1000']}, b: {build: .}}\n");
  expect_error(stack.davit({"up", "-d"}), {"Dockerfile:2"});
  const auto got = stack.davit({"ps", "--services"});
  EXPECT_EQ(got.out, "a\n") << got.err;
  const auto name = stack.davit({"exec", "-T", "a", "nslookup", "a"});
  EXPECT_EQ(name.code, 0) << name.out << name.err;
}

TEST(Faults, ATypoInADockerfileNamesTheNearestInstruction) {
  Stack stack("faulttypo");
  import_busybox(stack);
  stack.write("Dockerfile", "FROM busybox\nRNU true\n");
  stack.compose("services: {a: {build: .}}\n");
  expect_error(stack.davit({"build"}), {"Dockerfile:2:1", "RNU", "did you mean 'RUN'?"});
}

TEST(Faults, ATakenPortNamesItsHolder) {
  Stack stack("faultport");
  import_busybox(stack);
  const Fd holder(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(holder.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(holder.get(), 1), 0);
  socklen_t size = sizeof address;
  ASSERT_EQ(::getsockname(holder.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  const std::string port = std::to_string(ntohs(address.sin_port));
  stack.compose("services:\n  a:\n    image: busybox\n    command: [sleep, '3600']\n    ports:\n      - \"127.0.0.1:" +
                port + ":80\"\n");
  expect_error(stack.davit({"up", "-d"}),
               {"compose.yaml:6:9", ("port 127.0.0.1:" + port + "/tcp is already in use by").c_str(), "davit_scenario",
                std::to_string(::getpid()).c_str()});
}

TEST(Faults, APortOfAnotherProjectNamesTheProject) {
  constexpr const char* kServer =
      "services: {a: {image: busybox, command: [sleep, '3600'], stop_grace_period: 0s, ports: "
      "['127.0.0.1:28600:80']}}\n";
  Stack first("faultportone");
  import_busybox(first);
  first.compose(kServer);
  first.ok({"up", "-d"});
  Stack second("faultporttwo");
  import_busybox(second);
  second.compose(kServer);
  expect_error(
      second.davit({"up", "-d"}),
      {"compose.yaml:1:", "port 127.0.0.1:28600/tcp is already in use by project 'faultportone' of davit (pid ",
       "'davit -p faultportone down' lowers that project"});
}

TEST(Faults, AProbeThatNeverSucceedsShowsItsLastOutput) {
  Stack stack("faultprobe");
  import_busybox(stack);
  stack.compose(R"(
services:
  db:
    image: busybox
    command: [sleep, "3600"]
    stop_grace_period: 0s
    healthcheck: {test: [CMD-SHELL, "echo no disk today; exit 1"], interval: 100ms, retries: 2}
  api: {image: busybox, command: [sleep, "1"], depends_on: {db: {condition: service_healthy}}}
)");
  expect_error(stack.davit({"up", "-d"}, 60s),
               {"dependency failed to start: container faultprobe-db-1 is unhealthy", "no disk today"});
}

TEST(Faults, AContainerThatExitsAtOnceShowsItsLastLines) {
  Stack stack("faultexit");
  import_busybox(stack);
  stack.compose(R"(
services:
  db:
    image: busybox
    command: [sh, -c, "echo cannot open the database; exit 9"]
    healthcheck: {test: [CMD, "false"], interval: 30s}
  api: {image: busybox, command: [sleep, "1"], depends_on: {db: {condition: service_healthy}}}
)");
  expect_error(stack.davit({"up", "-d"}, 60s), {"faultexit-db-1 exited (9)", "cannot open the database"});
}

TEST(Faults, ACommandThatIsNotInTheImageIsNamed) {
  Stack stack("faultcmd");
  import_busybox(stack);
  stack.compose("services:\n  a:\n    image: busybox\n    command: [no-such-program]\n");
  const auto got = stack.davit({"up", "-d"});
  EXPECT_NE(got.code, 0);
  EXPECT_TRUE(contains(got.err, "no-such-program")) << got.err;
}

TEST(Faults, AnUnsupportedKeyIsRefusedWithItsPlace) {
  Stack stack("faultkey");
  import_busybox(stack);
  stack.compose("services:\n  a:\n    image: busybox\n    comand: [sleep]\n");
  expect_error(stack.davit({"up", "-d"}), {"compose.yaml:4:5", "comand", "did you mean 'command'?"});
}

TEST(Faults, AVolumeNameThatLeadsElsewhereIsRefused) {
  Stack stack("faultvolname");
  import_busybox(stack);
  stack.compose("services: {a: {image: busybox, volumes: ['vol:/data']}}\nvolumes:\n  vol: {name: ../../elsewhere}\n");
  const auto up = stack.davit({"up", "-d"});
  EXPECT_EQ(up.code, 1);
  EXPECT_TRUE(contains(up.err, "compose.yaml:3:3")) << up.err;
  EXPECT_TRUE(contains(up.err, "../../elsewhere")) << up.err;
  EXPECT_EQ(stack.ok({"ps", "-aq"}).out, "");
}

TEST(Faults, DownWithNothingWarns) {
  Stack stack("faultnone");
  stack.compose("services: {a: {image: busybox}}\n");
  const auto down = stack.davit({"down"});
  EXPECT_EQ(down.code, 0);
  EXPECT_TRUE(contains(down.err, "No resource found to remove for project \"faultnone\"")) << down.err;
}

}  // namespace
}  // namespace davit::test
