// Builds through the program: what a killed one leaves, what a failed one says.
#include <gtest/gtest.h>

#include <fstream>

#include "davit/base/files.hpp"
#include "stack.hpp"
#include "support/small_disk.hpp"

namespace davit::test {
namespace {

namespace fs = std::filesystem;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Ids of the builds that have a work folder in the stack's data root.
std::vector<std::string> working_builds(const Stack& stack) {
  std::vector<std::string> ids;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(stack.data_root() / "build", error))
    if (const std::string name = entry.path().filename().string(); name.starts_with("work-"))
      ids.push_back(name.substr(5));
  return ids;
}

/// Names in a folder that hold the text.
void add_named(const fs::path& folder, const std::string& text, std::vector<std::string>& out) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (contains(entry.path().filename().string(), text)) out.push_back(entry.path().string());
}

/// All that carries the build's id, half-made layers, and processes.
std::vector<std::string> left_of_build(const Stack& stack, const std::string& id) {
  std::vector<std::string> out;
  add_named(stack.data_root() / "build", id, out);
  add_named("/sys/fs/cgroup", id, out);
  std::error_code error;
  for (const auto& hierarchy : fs::directory_iterator("/sys/fs/cgroup", error)) add_named(hierarchy.path(), id, out);
  for (const auto& link : fs::directory_iterator("/sys/class/net", error))
    if (const auto alias = DiskFiles().read(link.path().string() + "/ifalias"); alias && contains(*alias, id))
      out.push_back("link " + link.path().filename().string());
  if (contains(Program({"nft", "list", "ruleset"}, {}).finish(30s).out, ".build-" + id))
    out.push_back("firewall table");
  add_named(stack.data_root() / "layers" / ".staging", "", out);
  for (const pid_t pid : stack.engine_processes()) out.push_back("process " + std::to_string(pid));
  return out;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  return text;
}

/// The build's guard clears up and ends; its network's links are the kernel's to take away.
void expect_nothing_left(const Stack& stack, const std::string& id) {
  Watch watch;
  watch.links();
  std::vector<std::string> left;
  const auto is_gone = [&] {
    for (const pid_t pid : stack.engine_processes()) watch.process(pid);
    return (left = left_of_build(stack, id)).empty();
  };
  EXPECT_TRUE(watch.until(is_gone, 10s)) << joined(left);
}

TEST(BuildScenario, KilledInTheMiddleOfARunLeavesNothingAndTheNextOneWorks) {
  Stack stack("buildkillrun");
  import_busybox(stack);
  stack.write("Dockerfile", "FROM busybox\nRUN echo is running; sleep 3600\n");
  auto build = stack.start({"image", "build", "--progress", "plain", "."});
  ASSERT_TRUE(build->wait_for_output("] RUN echo", 30s)) << build->output().err;
  ASSERT_TRUE(build->wait_for_output(" is running\n", 30s)) << build->output().err;
  const auto ids = working_builds(stack);
  ASSERT_EQ(ids.size(), 1U);
  EXPECT_GT(left_of_build(stack, ids[0]).size(), 5U) << "the test sees what a build has";
  build->signal(SIGKILL);
  EXPECT_EQ(build->finish(10s).code, 128 + SIGKILL);
  expect_nothing_left(stack, ids[0]);
  stack.write("Dockerfile", "FROM busybox\nRUN echo works\n");
  EXPECT_TRUE(contains(stack.ok({"image", "build", "--progress", "plain", "."}).err, " works\n"));
}

TEST(BuildScenario, KilledWithItsGuardIsClearedUpByTheNextOne) {
  Stack stack("buildkillall");
  import_busybox(stack);
  stack.write("Dockerfile", "FROM busybox\nRUN echo is running; sleep 3600\n");
  auto build = stack.start({"image", "build", "--progress", "plain", "."});
  ASSERT_TRUE(build->wait_for_output(" is running\n", 30s)) << build->output().err;
  const auto ids = working_builds(stack);
  ASSERT_EQ(ids.size(), 1U);
  // The guard's command line is still that of the build it was forked from.
  for (const pid_t pid : stack.engine_processes())
    if (pid != build->pid()) ::kill(pid, SIGSTOP);
  for (const pid_t pid : stack.engine_processes())
    if (contains(DiskFiles().read("/proc/" + std::to_string(pid) + "/cmdline").value(), "davit")) ::kill(pid, SIGKILL);
  build->finish(10s);
  for (const pid_t pid : stack.engine_processes()) ::kill(pid, SIGCONT);
  EXPECT_FALSE(left_of_build(stack, ids[0]).empty());
  stack.write("Dockerfile", "FROM busybox\nRUN echo works\n");
  EXPECT_TRUE(contains(stack.ok({"image", "build", "--progress", "plain", "."}).err, " works\n"));
  expect_nothing_left(stack, ids[0]);
}

TEST(BuildScenario, GoesOnWhenItsGuardIsKilled) {
  Stack stack("buildguard");
  import_busybox(stack);
  stack.write("Dockerfile",
              "FROM busybox\nRUN --network=none --mount=type=cache,target=/c mkfifo /c/go; echo is running; "
              "read line < /c/go\n");
  auto build = stack.start({"image", "build", "--progress", "plain", "."});
  ASSERT_TRUE(build->wait_for_output(" is running\n", 30s)) << build->output().err;
  std::size_t killed = 0;
  for (const pid_t pid : stack.engine_processes()) {
    const auto title = DiskFiles().read("/proc/" + std::to_string(pid) + "/cmdline");
    if (pid == build->pid() || !title || !contains(*title, "--progress")) continue;
    ++killed;
    ::kill(pid, SIGKILL);
  }
  EXPECT_EQ(killed, 1U);
  std::vector<NamedPipe> pipes;
  for (const auto& entry : fs::directory_iterator(stack.data_root() / "build" / "cache"))
    if (entry.is_directory()) pipes.emplace_back(entry.path() / "go").say("go");
  const auto ended = build->finish(30s);
  EXPECT_EQ(ended.code, 0) << ended.err;
}

TEST(BuildScenario, KilledInTheMiddleOfACopyLeavesNothingAndTheNextOneWorks) {
  Stack stack("buildkillcopy");
  import_busybox(stack);
  for (int i = 0; i < 4000; ++i)
    stack.write("files/" + std::to_string(i), std::string(20000, static_cast<char>('a' + i % 26)));
  stack.write("Dockerfile", "FROM busybox\nCOPY files /files\n");
  auto build = stack.start({"image", "build", "--progress", "plain", "."});
  const fs::path staging = stack.data_root() / "layers" / ".staging";
  Watch watch;
  watch.folder(staging);
  const auto is_copying = [&] {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(staging, error)) {
      for (const char* folder : {"", "layer", "layer/fs"}) watch.folder(entry.path() / folder);
      if (fs::exists(entry.path() / "layer" / "fs" / "files", error)) return true;
    }
    return false;
  };
  ASSERT_TRUE(watch.until(is_copying, 30s));
  const auto ids = working_builds(stack);
  build->signal(SIGKILL);
  EXPECT_EQ(build->finish(10s).code, 128 + SIGKILL);
  ASSERT_EQ(ids.size(), 1U);
  expect_nothing_left(stack, ids[0]);
  stack.ok({"image", "build", "-q", "."});
}

TEST(BuildScenario, AMistakeInAnInlineDockerfileShowsItsLine) {
  Stack stack("buildinline");
  import_busybox(stack);
  stack.compose("services:\n  a:\n    build:\n      dockerfile_inline: |\n        FROM busybox\n        RUN exit 7\n");
  const auto failed = stack.davit({"build"});
  EXPECT_EQ(failed.code, 1);
  EXPECT_TRUE(contains(failed.err, "compose.yaml:6:9: error: RUN failed with exit code 7")) << failed.err;
  EXPECT_TRUE(contains(failed.err, "    6 |         RUN exit 7\n      |         ^~~\n")) << failed.err;
}

TEST(BuildScenario, WarningsOfServicesBuiltAtOnceAreWholeAndHaveTheirPlaces) {
  Stack stack("buildwarnings");
  std::string compose = "services:\n";
  std::vector<std::string> expected;
  int line = 1;
  for (const std::string name : {"a1", "b2", "c3", "d4", "e5", "f6", "g7", "h8"}) {
    compose += "  " + name + ":\n    build:\n      dockerfile_inline: |\n        FROM scratch\n        LABEL x=$$" +
               name + "\n";
    line += 5;
    const std::string number = std::to_string(line);
    expected.push_back("\ncompose.yaml:" + number + ":17: warning: variable '" + name + "' has no value\n" +
                       std::string(5 - number.size(), ' ') + number + " |         LABEL x=$$" + name +
                       "\n      |                 ^~~\n");
  }
  stack.compose(compose);
  const auto built = stack.ok({"--progress", "plain", "build"});
  for (const std::string& message : expected) EXPECT_TRUE(contains(built.err, message)) << message << built.err;
}

TEST(BuildScenario, OnAFullDiskABuildIsFollowedByPruningThatNobodyWaitsFor) {
  Stack stack("buildpruned");
  const SmallDisk disk(std::size_t{33} << 20U);
  fs::create_directory_symlink(disk.path(), stack.data_root());
  import_busybox(stack);
  stack.compose("services: {job: {image: app, command: [cat, /c]}}\n");
  const std::string file =
      "FROM busybox AS a\nRUN --network=none head -c 26000000 /dev/urandom > /a\nFROM busybox\nCOPY --from=a "
      "/etc/group /b\n";
  stack.write("Dockerfile", file);
  stack.ok({"image", "build", "-t", "app", "."});
  ASSERT_TRUE(stack.engine_ends());
  const auto takes_megabytes = [&] { return contains(stack.ok({"builder", "du"}).out, "26MB"); };
  EXPECT_TRUE(takes_megabytes()) << "the first build begins the minute";
  fs::last_write_time(stack.data_root() / "build/pruned", fs::file_time_type::clock::now() - 2min);
  stack.ok({"image", "build", "-t", "app", "."});
  ASSERT_TRUE(stack.engine_ends());
  EXPECT_TRUE(takes_megabytes()) << "a build that did nothing pays for nothing";
  stack.write("Dockerfile", file + "RUN --network=none echo c > /c\n");
  stack.ok({"image", "build", "-t", "app", "."});
  ASSERT_TRUE(stack.engine_ends());
  EXPECT_FALSE(takes_megabytes());
  EXPECT_EQ(stack.ok({"run", "--rm", "job"}).out, "c\n");
  EXPECT_EQ(stack.ok({"builder", "prune", "--all"}, 60s, "n\n").out, "");
  EXPECT_TRUE(contains(stack.ok({"builder", "prune", "--all"}, 60s, "y\n").out, "RECLAIMABLE"));
  EXPECT_EQ(stack.ok({"builder", "du"}).out, "Reclaimable:\t0B\nTotal:\t\t0B\n");
  stack.ok({"down"});
  ASSERT_TRUE(stack.engine_ends());
}

TEST(BuildScenario, AServiceBuildsOnTheImageOfAnother) {
  Stack stack("buildcontexts");
  import_busybox(stack);
  stack.write("extra/file", "from a folder\n");
  stack.compose(
      "services:\n  a:\n    build:\n      additional_contexts: {base: \"service:z\", extra: ./extra}\n"
      "      dockerfile_inline: |\n        FROM base\n        COPY --from=extra file /file\n        RUN cat /made "
      "/file\n"
      "  z:\n    build:\n      dockerfile_inline: |\n        FROM busybox\n        RUN echo made by z > /made\n");
  const auto built = stack.ok({"--progress", "plain", "build", "a"});
  EXPECT_TRUE(contains(built.err, " made by z\n")) << built.err;
  EXPECT_TRUE(contains(built.err, " from a folder\n")) << built.err;
  stack.compose(
      "services:\n  a:\n    build:\n      additional_contexts: {base: \"service:z\"}\n"
      "      dockerfile_inline: FROM base\n"
      "  z:\n    build:\n      additional_contexts: {base: \"service:a\"}\n      dockerfile_inline: FROM base\n");
  const auto failed = stack.davit({"build", "a"});
  EXPECT_EQ(failed.code, 1);
  EXPECT_TRUE(contains(failed.err, "needs the image of 'a', which needs its image")) << failed.err;
}

TEST(BuildScenario, WhatAServiceAsksItsBuildForIsHonouredOrRefusedAtItsPlace) {
  Stack stack("buildkeys");
  import_busybox(stack);
  stack.write("Dockerfile",
              "FROM busybox\nRUN --mount=type=secret,id=word cat /etc/hosts; ulimit -n; ls /sys/class/net; "
              "cat /run/secrets/word\n");
  stack.write(".env", "WORD=mum\n");
  stack.compose(
      "services:\n  a:\n    build:\n      context: .\n      network: none\n      extra_hosts: [\"db:10.1.2.3\"]\n"
      "      ulimits: {nofile: 77}\n      secrets: [word]\n      cache_from: [x]\nsecrets: {word: {environment: "
      "WORD}}\n");
  const auto built = stack.ok({"--progress", "plain", "build"});
  for (const char* part : {"10.1.2.3\tdb", " 77\n", " lo\n", " mum\n"})
    EXPECT_TRUE(contains(built.err, part)) << part << built.err;
  EXPECT_FALSE(contains(built.err, "eth0"));
  EXPECT_TRUE(contains(built.err, "compose.yaml:9:19: warning: 'build.cache_from' of service 'a' has no effect"))
      << built.err;
  const auto refused = [&](const std::string& key, const std::string& expected) {
    stack.compose("services:\n  a:\n    build:\n      context: .\n      " + key + "\n");
    const auto got = stack.davit({"build"});
    EXPECT_EQ(got.code, 1);
    EXPECT_TRUE(contains(got.err, expected)) << got.err;
  };
  refused("network: nowhere", "compose.yaml:5:16: error: network 'nowhere' cannot be used in a build");
  refused("privileged: true", "compose.yaml:5:19: error: 'build.privileged' of service 'a' is not supported yet");
  refused("entitlements: [security.insecure]", "compose.yaml:5:21: error: 'security.insecure' cannot be granted");
  refused("platforms: [linux/s390x]", "compose.yaml:5:18: error: 'build.platforms: linux/s390x'");
}

}  // namespace
}  // namespace davit::test
