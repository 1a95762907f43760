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
