// post_start and pre_stop in real containers, as docker compose v5.5 runs them.
#include <gmock/gmock.h>

#include <fstream>
#include <iterator>

#include "stack.hpp"

namespace davit::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string text_of(const std::filesystem::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Hooks are in the file, and no label tells of them: with `-p` alone there are none, as in docker compose.
TEST(Hooks, RunAroundTheLifeOfAContainerWithWhatTheyAskFor) {
  Stack stack("hooklife");
  import_busybox(stack);
  stack.write("out/.keep", "");
  stack.compose(R"(
services:
  db:
    image: busybox
    command: [sh, -c, "trap 'echo term >> /out/story; exit 0' TERM; while :; do sleep 0.05; done"]
    environment: {A: "1", B: "2"}
    working_dir: /tmp
    stop_grace_period: 20s
    volumes: ["./out:/out"]
    post_start:
      - command: [sh, -c, "echo \"$$A $${B-none} $$C $$(pwd) $$(id -u)\" > /out/first"]
        environment: {A: x, B: , C: "3"}
      - command: [sh, -c, "echo \"$$(pwd) $$(id -u)\"; grep CapEff /proc/self/status"]
        user: nobody
        working_dir: /etc
      - command: [sh, -c, "grep CapEff /proc/self/status > /out/third; echo started >> /out/story"]
        privileged: true
    pre_stop:
      - command: [sh, -c, "echo stopping >> /out/story"]
  api:
    image: busybox
    command: [sh, -c, "echo api >> /out/story; exec sleep 3600"]
    volumes: ["./out:/out"]
    depends_on: [db]
)");
  const auto plan = stack.ok({"--dry-run", "up"});
  EXPECT_THAT(plan.out, HasSubstr("service:db:1, StartContainer, new container, with 3 post_start hooks\n"));
  const auto up = stack.ok({"up", "-d"});
  EXPECT_THAT(up.err, Not(HasSubstr("CapEff"))) << "without an attached up nobody sees what hooks write";
  const auto story = stack.folder() / "out/story";
  Watch watch;
  watch.folder(std::filesystem::path(story).parent_path());
  EXPECT_TRUE(watch.until([&] { return text_of(story) == "started\napi\n"; }, 10s)) << text_of(story);
  EXPECT_EQ(text_of(stack.folder() / "out/first"), "x none 3 /tmp 0\n");
  EXPECT_THAT(text_of(stack.folder() / "out/third"), Not(HasSubstr("00000000a80425fb"))) << "more than the defaults";
  stack.ok({"-f", "compose.yaml", "restart", "db"});
  EXPECT_EQ(text_of(story), "started\napi\nstopping\nterm\nstarted\n");
  stack.ok({"-f", "compose.yaml", "stop", "db"});
  EXPECT_EQ(text_of(story), "started\napi\nstopping\nterm\nstarted\nstopping\nterm\n");
  stack.ok({"-f", "compose.yaml", "start", "db"});
  std::ofstream(story, std::ios::trunc).close();
  stack.ok({"up", "-d", "--force-recreate", "--no-deps", "db"});
  EXPECT_EQ(text_of(story), "term\nstarted\n") << "docker compose runs no pre_stop for a recreation";
  stack.ok({"-f", "compose.yaml", "down"});
  EXPECT_EQ(text_of(story), "term\nstarted\nstopping\nterm\n");
}

TEST(Hooks, AFailureStopsTheUpAtItsPlaceAndTheContainerRunsOn) {
  Stack stack("hookfail");
  import_busybox(stack);
  stack.compose(R"(
services:
  db:
    image: busybox
    command: [sleep, "3600"]
    post_start:
      - command: [sh, -c, "echo working; echo boo >&2; exit 3"]
    pre_stop:
      - command: [sh, -c, "exit ${CODE-4}"]
  api: {image: busybox, command: [sleep, "3600"], depends_on: [db]}
)");
  const auto up = stack.davit({"up", "-d"});
  EXPECT_EQ(up.code, 1);
  EXPECT_THAT(up.err, HasSubstr("compose.yaml:7:9: error: db hook exited with status 3: boo")) << up.err;
  const auto ps = stack.ok({"ps", "-a", "--format", "{{.Name}} {{.State}}"});
  EXPECT_EQ(ps.out, "hookfail-api-1 created\nhookfail-db-1 running\n");
  const auto again = stack.ok({"up", "-d"});
  EXPECT_THAT(again.err, HasSubstr("Container hookfail-db-1 Running"));
  const auto down = stack.davit({"-f", "compose.yaml", "down"});
  EXPECT_EQ(down.code, 1);
  EXPECT_THAT(down.err, HasSubstr("db hook exited with status 4")) << down.err;
  const auto left = stack.ok({"ps", "-a", "--format", "{{.Name}} {{.State}}"});
  EXPECT_EQ(left.out, "hookfail-db-1 running\n");
  stack.ok({"kill"});
  stack.ok({"down"});
}

TEST(Hooks, AProgramThatIsNotThereEndsWith127) {
  Stack stack("hooknone");
  import_busybox(stack);
  stack.compose(R"(
services:
  db: {image: busybox, command: [sleep, "3600"], post_start: [{command: [nosuch]}]}
)");
  const auto up = stack.davit({"up", "-d"});
  EXPECT_EQ(up.code, 1);
  EXPECT_THAT(up.err, HasSubstr("db hook exited with status 127: ")) << up.err;
  EXPECT_THAT(up.err, HasSubstr("nosuch")) << up.err;
}

TEST(Hooks, AnAttachedUpShowsWhatTheyWriteAndAChildTheyLeaveHoldsNobody) {
  Stack stack("hookshow");
  import_busybox(stack);
  stack.compose(R"(
services:
  db:
    image: busybox
    command: [sh, -c, "echo main; trap 'exit 0' TERM; while :; do sleep 0.05; done"]
    post_start:
      - command: [sh, -c, "echo hello; echo oops >&2; sleep 3600 & echo left"]
    pre_stop:
      - command: [sh, -c, "echo bye"]
)");
  const auto up = stack.start({"up"});
  ASSERT_TRUE(up->wait_for_output("Container hookshow-db-1 Started", 30s));
  up->signal(SIGINT);
  const auto done = up->finish(60s);
  EXPECT_EQ(done.code, 130) << done.err;
  for (const char* line : {"db-1 ->  | hello\n", "db-1 ->  | oops\n", "db-1 ->  | left\n", "db-1 ->  | bye\n"})
    EXPECT_THAT(done.out, HasSubstr(line));
}

TEST(Hooks, AnInterruptEndsAHookThatWouldNotEnd) {
  Stack stack("hookint");
  import_busybox(stack);
  stack.compose(R"(
services:
  db:
    image: busybox
    command: [sleep, "3600"]
    post_start:
      - command: [sh, -c, "trap '' TERM INT; echo waiting; while :; do sleep 0.05; done"]
)");
  const auto up = stack.start({"up"});
  ASSERT_TRUE(up->wait_for_output("db-1 ->  | waiting", 30s));
  up->signal(SIGINT);
  EXPECT_EQ(up->finish(60s).code, 130);
}

}  // namespace
}  // namespace davit::test
