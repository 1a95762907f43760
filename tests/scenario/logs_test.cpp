// What containers write, and how it is shown.
#include <gtest/gtest.h>

#include "stack.hpp"

namespace davit::test {
namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Logs, AreMergedWithPrefixesAndKeepTheirOrder) {
  Stack stack("logmerge");
  import_busybox(stack);
  stack.compose(R"(
services:
  one: {image: busybox, command: [sh, -c, "for i in 1 2 3; do echo one $$i; done"]}
  two: {image: busybox, command: [sh, -c, "echo two >&2"]}
)");
  const auto up = stack.ok({"up", "--no-color"}, 60s);
  EXPECT_TRUE(contains(up.out, "one-1  | one 1\none-1  | one 2\none-1  | one 3\n") ||
              contains(up.out, "one-1  | one 2"))
      << up.out;
  EXPECT_TRUE(contains(up.out + up.err, "two-1  | two\n")) << up.out << up.err;
  EXPECT_TRUE(contains(up.out + up.err, "one-1 exited with code 0")) << up.out << up.err;
  const auto logs = stack.ok({"logs", "--no-color", "one"});
  EXPECT_EQ(logs.out, "one-1  | one 1\none-1  | one 2\none-1  | one 3\n");
  EXPECT_EQ(stack.ok({"logs", "--no-log-prefix", "--tail", "1", "one"}).out, "one 3\n");
}

TEST(Logs, FollowEndsWhenTheContainersEnd) {
  Stack stack("logfollow");
  import_busybox(stack);
  stack.compose("services: {a: {image: busybox, command: [sh, -c, 'sleep 1; echo last']}}\n");
  stack.ok({"up", "-d"});
  const auto follow = stack.ok({"logs", "-f", "--no-color"}, 30s);
  EXPECT_TRUE(contains(follow.out, "a-1  | last\n")) << follow.out;
}

/// "1\n2\n…", each line behind a prefix.
std::string counted(int count, const std::string& prefix) {
  std::string text;
  for (int i = 1; i <= count; ++i) text += prefix + std::to_string(i) + "\n";
  return text;
}

/// Files so small that hundreds of them are begun and removed while the first is being read.
constexpr const char* kTinyLogs = "logging: {driver: json-file, options: {max-size: 10k, max-file: '2'}}";

TEST(Logs, FollowEndsAtOnceWhenNothingRuns) {
  Stack stack("logsend");
  import_busybox(stack);
  stack.compose("services: {job: {image: busybox, command: [echo, done]}}\n");
  stack.ok({"up"});
  EXPECT_EQ(stack.ok({"logs", "-f", "--no-log-prefix", "job"}).out, "done\n");
  const auto absent = stack.davit({"logs", "--index", "2", "job"});
  EXPECT_EQ(absent.code, 1);
  EXPECT_TRUE(contains(absent.err, "service 'job' has no container number 2")) << absent.err;
}

TEST(Logs, AnAttachedUpLosesNothingWhileLogsRotate) {
  Stack stack("logrotup");
  import_busybox(stack);
  stack.compose("services: {a: {image: busybox, command: [seq, '100000'], " + std::string(kTinyLogs) + "}}\n");
  EXPECT_TRUE(contains(stack.ok({"up", "--no-color"}, 60s).out, counted(100'000, "a-1  | ")));
  // Once more, on what is there.
  EXPECT_TRUE(contains(stack.ok({"up", "--no-color"}, 60s).out, counted(100'000, "a-1  | ")));
  EXPECT_TRUE(stack.ok({"run", "--rm", "-T", "a"}, 60s).out == counted(100'000, ""));
}

TEST(Logs, FollowLosesNothingWhileLogsRotate) {
  Stack stack("logrotfollow");
  import_busybox(stack);
  stack.compose(
      "services: {a: {image: busybox, volumes: ['./:/here'], command: [sh, -c, 'echo ready; until [ -e "
      "/here/go ]; do sleep 0.1; done; seq 100000'], " +
      std::string(kTinyLogs) + "}}\n");
  stack.ok({"up", "-d"});
  const auto follow = stack.start({"logs", "-f", "--no-log-prefix"});
  ASSERT_TRUE(follow->wait_for_output("ready", 30s)) << follow->output().err;
  stack.write("go", "");
  const auto end = follow->finish(60s);
  EXPECT_EQ(end.code, 0);
  EXPECT_TRUE(end.out.starts_with(counted(100'000, "").insert(0, "ready\n"))) << end.out.substr(0, 2'000);
}

TEST(Logs, BinaryLongAndUnfinishedLinesSurvive) {
  Stack stack("logodd");
  import_busybox(stack);
  stack.compose(R"(
services:
  a: {image: busybox, command: [sh, -c, "printf 'a\\000b\\n'; head -c 100000 /dev/zero | tr '\\0' x; echo; printf end"]}
)");
  stack.ok({"up", "-d"});
  stack.davit({"wait", "a"});
  const auto logs = stack.ok({"logs", "--no-log-prefix"});
  EXPECT_EQ(logs.out, std::string("a\0b\n", 4) + std::string(100000, 'x') + "\nend\n");
}

TEST(Logs, ExitCodeFromAServiceIsTheExitCodeOfUp) {
  Stack stack("logexit");
  import_busybox(stack);
  stack.compose(R"(
services:
  server: {image: busybox, command: [sleep, "3600"]}
  test: {image: busybox, command: [sh, -c, "exit 42"]}
)");
  EXPECT_EQ(stack.davit({"up", "--exit-code-from", "test"}, 60s).code, 42);
}

TEST(Logs, FirstInterruptStopsTheStackAndExitsWith130) {
  Stack stack("logint");
  import_busybox(stack);
  stack.compose(
      "services: {a: {image: busybox, command: [sh, -c, 'trap \"exit 0\" TERM; echo up; while :; do sleep 1; "
      "done']}}\n");
  const auto up = stack.start({"up", "--no-color"});
  ASSERT_TRUE(up->wait_for_output("a-1  | up", 30s)) << up->output().out << up->output().err;
  up->signal(SIGINT);
  const auto end = up->finish(30s);
  EXPECT_EQ(end.code, 130) << end.err;
  EXPECT_TRUE(contains(end.err + end.out, "Gracefully Stopping")) << end.err;
  EXPECT_TRUE(contains(stack.ok({"ps", "-a"}).out, "Exited"));
}

}  // namespace
}  // namespace davit::test
