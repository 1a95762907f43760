// What `top` and `events` print.
#include <gmock/gmock.h>

#include "cli/event_listing.hpp"
#include "cli/process_listing.hpp"

namespace davit::cli {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr std::chrono::sys_seconds kBoot{std::chrono::seconds{1'764'000'000}};

ProcTexts texts(const std::string& name, const std::string& cmdline) {
  //        pid   comm          3 ppid 5 6 tty     8       9 10..13   utime stime       starttime
  return {"42 (" + name + ") S 7 42 42 34817 42 4194560 1 2 3 4 1150 50 0 0 20 0 1 0 360000 1 1", cmdline, 0};
}

TEST(Processes, AreReadFromProc) {
  using namespace std::string_literals;
  const auto row = parse_process(42, texts("od) d", "sleep\0001000\0"s), {kBoot, 100});
  ASSERT_TRUE(row);
  EXPECT_EQ(row->user, "root");
  EXPECT_EQ(row->parent, 7);
  EXPECT_EQ(row->terminal, "pts/1");
  EXPECT_EQ(row->cpu_time, 12s);
  EXPECT_EQ(row->started, kBoot + 3600s);
  EXPECT_EQ(row->command, "sleep 1000");
  EXPECT_EQ(parse_process(42, texts("kworker", ""), {kBoot, 100})->command, "[kworker]");
  EXPECT_FALSE(parse_process(42, {"", "", 0}, {kBoot, 100}));
}

TEST(Processes, AreShownAsPsDoes) {
  const auto row = parse_process(42, texts("sh", "sh"), {kBoot, 100});
  const std::string today = top_table({{"web", 2, {*row}}}, kBoot + 3600s + 60s, 0s);
  EXPECT_EQ(today.substr(0, today.find('\n')), "SERVICE   #   UID    PID   PPID   C    STIME   TTY     TIME       CMD");
  EXPECT_THAT(today, HasSubstr("web       2   root   42    7      20   17:00   pts/1   00:00:12   sh\n"));
  EXPECT_THAT(top_table({{"web", 1, {*row}}}, kBoot + 48h, 0s), HasSubstr("Nov24"));
}

engine::Event died() {
  engine::Event event;
  event.time = engine::WallTime(kBoot) + 1234us;
  event.type = "container";
  event.action = "die";
  event.container = "abc";
  event.name = "p-web-1";
  event.service = "web";
  event.attributes = {{"exitCode", "3"}};
  event.cause = "process exited";
  return event;
}

TEST(Events, AreLinesAsDockersAreInLocalTime) {
  EXPECT_EQ(event_line(died(), "busybox", 3600s),
            "2025-11-24 17:00:00.001234 container die abc (exitCode=3, image=busybox, name=p-web-1)");
  EXPECT_EQ(event_line(died(), "", 0s), "2025-11-24 16:00:00.001234 container die abc (exitCode=3, name=p-web-1)");
}

TEST(Events, AreObjectsWithTheirCause) {
  EXPECT_EQ(
      event_json(died(), "busybox"),
      R"({"action":"die","attributes":{"exitCode":"3","image":"busybox","name":"p-web-1","cause":"process exited"},)"
      R"("id":"abc","service":"web","time":"2025-11-24T16:00:00.001234000Z","type":"container"})");
}

}  // namespace
}  // namespace davit::cli
