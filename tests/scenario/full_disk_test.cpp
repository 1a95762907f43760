// A disk that holds everything of davit and is full: what runs can be taken down, whoever has died meanwhile.
#include <gtest/gtest.h>

#include "stack.hpp"
#include "support/small_disk.hpp"

namespace davit::test {
namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// One service has filled the disk and takes whatever becomes free, one floods its log, one does nothing.
class FullDisk : public testing::Test {
 protected:
  FullDisk() {
    import_busybox(stack_);
    const NamedPipe filled(stack_.folder() / "pipe" / "filled");
    stack_.compose(R"(
services:
  hog:
    image: busybox
    command: [sh, -c, "cat /dev/zero > /big; echo full > /pipe/filled; while true; do cat /dev/zero >> /big; done"]
    volumes: [./pipe:/pipe]
    stop_grace_period: 0s
  flood: {image: busybox, command: [sh, -c, "yes 'a line of a flood of lines'"], stop_grace_period: 0s}
  quiet: {image: busybox, command: [sleep, "3600"], stop_grace_period: 0s, volumes: [/anonymous]}
)");
    stack_.ok({"up", "-d"});
    EXPECT_EQ(filled.line(60s), "full");
    disk_.fill();
  }
  ~FullDisk() override { disk_.make_room(); }  // the stack ends also when the test has failed

  /// The keeper, too: first, or it would already be starting the next supervisor.
  void kill_everything() const {
    for (const pid_t pid : stack_.engine_processes())
      if (pid != stack_.supervisor()) ::kill(pid, SIGKILL);
    for (const pid_t pid : stack_.engine_processes()) ::kill(pid, SIGKILL);
    ASSERT_TRUE(stack_.engine_ends());
  }

  void expect_down() const {
    stack_.ok({"down", "--volumes"}, 60s);
    EXPECT_TRUE(stack_.leaves_nothing());
    EXPECT_TRUE(std::filesystem::is_empty(stack_.data_root() / "containers"));
    EXPECT_TRUE(std::filesystem::is_empty(stack_.data_root() / "volumes"));
  }

  SmallDisk disk_{48 << 20};
  Stack stack_{"fulldisk", disk_.path()};
};

TEST_F(FullDisk, DownTakesEverythingDown) {
  expect_down();
}

TEST_F(FullDisk, AKilledSupervisorComesBackAndDownTakesEverythingDown) {
  const pid_t killed = stack_.supervisor();
  ASSERT_NE(killed, 0);
  ::kill(killed, SIGKILL);
  const auto ps = stack_.ok({"ps", "--format", "{{.Service}} {{.Status}}"}).out;  // answered by the next one
  EXPECT_EQ(std::count(ps.begin(), ps.end(), '\n'), 3) << ps;
  EXPECT_FALSE(contains(ps, "unsupervised")) << ps;
  EXPECT_NE(stack_.supervisor(), 0);
  EXPECT_NE(stack_.supervisor(), killed);
  stack_.ok({"exec", "-T", "quiet", "true"});
  expect_down();
}

TEST_F(FullDisk, DownTakesEverythingDownAfterSupervisorAndKeeperWereKilled) {
  kill_everything();
  expect_down();
}

TEST_F(FullDisk, SupervisorsThatAreKilledAgainAndAgainComeBack) {
  for (int i = 0; i < 5; ++i) {
    const pid_t killed = stack_.supervisor();
    ASSERT_NE(killed, 0);
    ::kill(killed, SIGKILL);
    stack_.ok({"ps"});
    ASSERT_NE(stack_.supervisor(), killed);
  }
  stack_.ok({"stop"});
  EXPECT_EQ(stack_.ok({"ps", "-q"}).out, "");
  expect_down();
}

}  // namespace
}  // namespace davit::test
