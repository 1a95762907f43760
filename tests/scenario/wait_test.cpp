// `up --wait` and what it takes for up.
#include <gtest/gtest.h>

#include "stack.hpp"

namespace davit::test {
namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(UpWait, FailsForWhatEndsAtOnceWithItsLastLines) {
  Stack stack("waitends");
  import_busybox(stack);
  stack.compose("services: {a: {image: busybox, command: [sh, -c, 'echo no configuration; exit 3']}}\n");
  const auto up = stack.davit({"up", "-d", "--wait"});
  EXPECT_EQ(up.code, 1);
  EXPECT_TRUE(contains(up.err, "container waitends-a-1 exited (3)")) << up.err;
  EXPECT_TRUE(contains(up.err, "log: no configuration")) << up.err;
}

TEST(UpWait, FailsForAnEndWithZeroThatNobodyAwaits) {
  Stack stack("waitzero");
  import_busybox(stack);
  stack.compose("services: {a: {image: busybox, command: ['true']}}\n");
  const auto up = stack.davit({"up", "-d", "--wait"});
  EXPECT_EQ(up.code, 1);
  EXPECT_TRUE(contains(up.err, "container waitzero-a-1 exited (0)")) << up.err;
}

TEST(UpWait, ACompletionThatSomebodyAwaitsIsASuccess) {
  Stack stack("waitdone");
  import_busybox(stack);
  stack.compose(R"(
services:
  job: {image: busybox, command: ["true"]}
  a:
    image: busybox
    command: [sleep, "3600"]
    stop_grace_period: 0s
    depends_on: {job: {condition: service_completed_successfully}}
)");
  for (int i = 0; i < 2; ++i) {  // the job runs again with every up
    const auto up = stack.ok({"up", "-d", "--wait"});
    EXPECT_TRUE(contains(up.err, "Container waitdone-job-1 Exited")) << up.err;
    EXPECT_TRUE(contains(up.err, "Container waitdone-a-1 Healthy")) << up.err;
  }
}

TEST(UpWait, NoticesWhatEndsWhileOthersAreAwaited) {
  Stack stack("waitother");
  import_busybox(stack);
  // "db" becomes healthy only when "api" has ended: the two share a volume.
  stack.compose(R"(
services:
  api:
    image: busybox
    command: [sh, -c, "sleep 0.3; echo lost connection; touch /shared/ended; exit 4"]
    volumes: [shared:/shared]
  db:
    image: busybox
    command: [sleep, "3600"]
    stop_grace_period: 0s
    volumes: [shared:/shared]
    healthcheck: {test: [CMD, test, -e, /shared/ended], interval: 1s, retries: 100}
volumes: {shared: {}}
)");
  const auto up = stack.davit({"up", "-d", "--wait"});
  EXPECT_EQ(up.code, 1);
  EXPECT_TRUE(contains(up.err, "container waitother-api-1 exited (4)")) << up.err;
  EXPECT_TRUE(contains(up.err, "log: lost connection")) << up.err;
}

TEST(UpWait, APublishedPortIsOpenWhenItEnds) {
  Stack stack("waitport");
  import_busybox(stack);
  stack.compose(R"(
services:
  web:
    image: busybox
    command: [sh, -c, "sleep 0.3; mkdir /w; echo hello > /w/index.html; exec httpd -f -p 80 -h /w"]
    ports: ["127.0.0.1:28485:80"]
    stop_grace_period: 0s
)");
  stack.ok({"up", "-d", "--wait"});
  Program fetch({"/bin/busybox", "wget", "-qO-", "http://127.0.0.1:28485/"}, {});
  EXPECT_EQ(fetch.finish(10s).out, "hello\n");
}

TEST(UpWait, GivesUpAProgramThatEndsAgainAndAgain) {
  Stack stack("waitloop");
  import_busybox(stack);
  stack.compose(R"(
services:
  web:
    image: busybox
    command: [sh, -c, "echo no configuration; exit 3"]
    restart: always
    ports: ["127.0.0.1:28597:80"]
    x-davit: {listen_timeout: 500ms}
)");
  const auto up = stack.davit({"up", "-d", "--wait"});
  EXPECT_EQ(up.code, 1);
  EXPECT_TRUE(contains(up.err, "container waitloop-web-1 exited (3) again and again: ")) << up.err;
  EXPECT_TRUE(contains(up.err, "log: no configuration")) << up.err;
}

TEST(UpWait, AClosedPortIsAWarningAndNoFailure) {
  Stack stack("waitsilent");
  import_busybox(stack);
  stack.compose(R"(
services:
  web:
    image: busybox
    command: [sleep, "3600"]
    ports: ["127.0.0.1:28486:80"]
    stop_grace_period: 0s
    x-davit: {listen_timeout: 100ms}
)");
  const auto up = stack.ok({"up", "-d", "--wait"});
  EXPECT_TRUE(contains(up.err,
                       "compose.yaml:6:13: warning: container waitsilent-web-1 runs, but nothing listens at its "
                       "published port 80 yet"))
      << up.err;
}

}  // namespace
}  // namespace davit::test
