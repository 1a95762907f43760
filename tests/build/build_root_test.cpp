// Builds that really run, from a Dockerfile to an image: mounts, cgroups, an OCI runtime.

#include <sys/mount.h>

#include <filesystem>
#include <memory>
#include <stop_token>

#include "build/build_fixture.hpp"

namespace davit::test {
namespace {

using BuildRootTest = BuildTest;
using Strings = std::vector<std::string>;
namespace fs = std::filesystem;

TEST_F(BuildRootTest, RunsCopiesAndSetsTheConfig) {
  write("app.txt", "hello\n");
  const ImageId id = must_build(
      "FROM box\nENV NAME=world\nWORKDIR /srv\nCOPY app.txt .\nRUN echo \"$NAME $(cat app.txt) $(pwd)\" > out\n"
      "EXPOSE 80\nCMD [\"cat\", \"out\"]\n");
  EXPECT_EQ(read(id, "/srv/out"), "world hello /srv\n");
  const auto image = inspect(id);
  EXPECT_EQ(image.config.cmd, (Strings{"cat", "out"}));
  EXPECT_EQ(image.config.working_dir, "/srv");
  EXPECT_EQ(image.config.env, Strings{"NAME=world"});
  EXPECT_EQ(image.diff_ids.size(), 4U);
  EXPECT_EQ(top_layer(id), (Strings{"/srv", "/srv/out"})) << "nothing of the runtime's mount points may stay";
  std::size_t layers = 0;
  for (const auto& entry : image.config.history) layers += entry.empty_layer ? 0 : 1;
  EXPECT_EQ(layers, image.diff_ids.size());
}

TEST_F(BuildRootTest, Heredocs) {
  const ImageId id = must_build(
      "FROM box\nENV X=env\n"
      "RUN <<EOF\necho one > /one\necho $X >> /one\nEOF\n"
      "RUN <<EOF\n#!/bin/sh\necho script $0 > /two\nEOF\n"
      "COPY <<a <<\"b\" /files/\nvalue $X \"quoted\"\na\nraw $X\nb\n"
      "RUN cat <<A > /three\nA gets $X\nA\n");
  EXPECT_EQ(read(id, "/one"), "one\nenv\n");
  EXPECT_EQ(read(id, "/two"), "script /dev/pipes/EOF\n");
  EXPECT_EQ(read(id, "/files/a"), "value env \"quoted\"\n");
  EXPECT_EQ(read(id, "/files/b"), "raw $X\n");
  EXPECT_EQ(read(id, "/three"), "A gets env\n");
}

TEST_F(BuildRootTest, ArgumentsReachOnlyWhatComesAfterThem) {
  request_.args = {{"V", "1"}};
  const std::string file = "FROM box\nRUN echo \"[$V]\" > /before\nARG V=0\nRUN echo \"[$V]\" > /after\n";
  const ImageId id = must_build(file);
  EXPECT_EQ(read(id, "/before"), "[]\n");
  EXPECT_EQ(read(id, "/after"), "[1]\n");
  request_.args = {{"V", "2"}};
  must_build(file);
  EXPECT_EQ(seen_.executed, Strings{"[3/3] RUN echo \"[$V]\" > /after"});
  EXPECT_EQ(inspect(id).config.env, Strings{});
}

TEST_F(BuildRootTest, OnBuildTriggersRunInTheChild) {
  request_.tags = {"parent"};
  must_build("FROM box\nONBUILD COPY app /app\nONBUILD RUN echo triggered > /t\n");
  request_.tags = {};
  write("app", "x");
  const ImageId id = must_build("FROM parent\nRUN cat /t\n");
  EXPECT_EQ(read(id, "/t"), "triggered\n");
  EXPECT_EQ(read(id, "/app"), "x");
  EXPECT_TRUE(inspect(id).config.on_build.empty());
}

TEST_F(BuildRootTest, WorkdirBelongsToTheUser) {
  const ImageId id = must_build("FROM box\nUSER app\nWORKDIR /home/app/x\nRUN id > who; echo $HOME >> who\n");
  EXPECT_EQ(read(id, "/home/app/x/who"), "uid=1000(app) gid=1001(app) groups=1001(app),2000(extra)\n/home/app\n");
  EXPECT_EQ(stat_line(id, "/home/app/x"), "40755 1000 1001");
  EXPECT_EQ(inspect(id).config.user, "app");
  EXPECT_NE(must_fail("FROM box\nUSER ap\nRUN id\n").find("unable to find user 'ap'"), std::string::npos);
}

TEST_F(BuildRootTest, EntrypointResetsTheCmdOfTheBaseOnly) {
  request_.tags = {"with-cmd"};
  must_build("FROM box\nCMD [\"old\"]\n");
  request_.tags = {};
  EXPECT_EQ(inspect(must_build("FROM with-cmd\nENTRYPOINT [\"e\"]\n")).config.cmd, Strings{});
  EXPECT_EQ(inspect(must_build("FROM box\nCMD [\"own\"]\nENTRYPOINT [\"e\"]\n")).config.cmd, Strings{"own"});
}

TEST_F(BuildRootTest, TagsNameTheImage) {
  request_.tags = {"app:1", "registry.example/app"};
  const ImageId id = must_build("FROM box\nLABEL a=b\n");
  EXPECT_EQ(inspect(id).tags, (Strings{"app:1", "registry.example/app:latest"}));
  EXPECT_EQ(inspect(id).config.labels.at("a"), "b");
}

TEST_F(BuildRootTest, FailingRunPointsAtItsLineWithItsLastOutput) {
  EXPECT_EQ(
      must_fail("FROM box\nRUN echo fine > /f\nRUN echo working; \\\n  echo broken >&2; exit 3\nRUN echo never\n"),
      "Dockerfile:3:1: error: RUN failed with exit code 3: 'echo working;   echo broken >&2; exit 3'\n"
      "    3 | RUN echo working; \\\n"
      "      | ^~~\n"
      "  note: the last lines of its output:\n"
      "    working\n"
      "    broken\n");
  EXPECT_EQ(seen_.failures.size(), 1U);
  EXPECT_EQ(seen_.executed, Strings{"[2/4] RUN echo fine > /f"});
}

TEST_F(BuildRootTest, OfMuchOutputTheLastLinesAreShown) {
  const std::string message =
      must_fail("FROM box\nRUN for i in 1 2 3 4 5 6 7 8 9; do printf '%01000d\\n' $i; done; echo the error; exit 1\n");
  EXPECT_TRUE(message.ends_with("…\n    the error\n")) << message;
  EXPECT_NE(message.find("the last lines of its output:\n    0000"), std::string::npos) << message;
}

TEST_F(BuildRootTest, TheUmaskOfTheCallerDoesNotShow) {
  const mode_t before = ::umask(077);
  const ImageId id = must_build(
      "FROM box\nWORKDIR /w/x\nRUN rm -r /w\n"
      "RUN --mount=type=cache,target=/c/d stat -c '%a %n' /w /w/x /c /c/d > /modes\n");
  const ImageId empty = must_build("FROM scratch\nCOPY --from=box /bin /bin\nRUN stat -c '%a %n' /etc > /modes\n");
  ::umask(before);
  EXPECT_EQ(read(id, "/modes"), "755 /w\n755 /w/x\n755 /c\n755 /c/d\n");
  EXPECT_EQ(stat_line(id, "/w"), "40755 0 0");
  EXPECT_EQ(read(empty, "/modes"), "755 /etc\n");
}

TEST_F(BuildRootTest, UnknownImageAndStageAreNamed) {
  EXPECT_NE(must_fail("FROM box AS build\nFROM buidl\n").find("did you mean stage 'build'?"), std::string::npos);
  EXPECT_NE(must_fail("FROM nothere\n").find("Dockerfile:1:6: error: image 'nothere' is not in the store"),
            std::string::npos);
}

/// Asks the build to stop as soon as the step says something.
class StopAtFirstLine final : public build::BuildObserver {
 public:
  explicit StopAtFirstLine(std::stop_source& source) : source_(source) {}
  void warning(const Diagnostic&) override {}
  void started(const build::Vertex&) override {}
  void cached(const build::Vertex&) override {}
  void output(const build::Vertex&, Stream, Seconds, std::string_view) override { source_.request_stop(); }
  void done(const build::Vertex&, Seconds) override {}
  void failed(const build::Vertex&, const std::string&) override {}
  void cancelled(const build::Vertex&) override {}

 private:
  std::stop_source& source_;
};

TEST_F(BuildRootTest, StopKillsTheStepAndLeavesNothing) {
  std::stop_source source;
  StopAtFirstLine observer(source);
  request_.stop = source.get_token();
  request_.context = context_.string();
  request_.dockerfile_text = "FROM box\nRUN echo started; sleep 1000\n";
  const auto result = build::build(request_, *store_, observer);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().diagnostics.items().front().code, "cancelled");
}

TEST_F(BuildRootTest, WhatCannotBeClearedBehindADeadBuildIsToldAndKeepsNobodyFromBuilding) {
  const fs::path left = data_root_ / "build/work-dead";
  fs::create_directories(left / "busy");
  ASSERT_EQ(::mount("tmpfs", (left / "busy").c_str(), "tmpfs", 0, "size=64k"), 0);
  const std::unique_ptr<const fs::path, void (*)(const fs::path*)> unmounted(
      &left, [](const fs::path* folder) { ::umount2((*folder / "busy").c_str(), MNT_DETACH); });
  must_build("FROM box\nRUN --network=none echo 1\n");
  ASSERT_EQ(seen_.warnings.size(), 1U);
  EXPECT_EQ(seen_.warnings[0].find("what the killed build 'dead' left cannot be removed: "), 0U) << seen_.warnings[0];
  EXPECT_TRUE(fs::exists(left / "busy"));
  ASSERT_EQ(::umount2((left / "busy").c_str(), 0), 0);
  must_build("FROM box\nRUN --network=none echo 2\n");
  EXPECT_EQ(seen_.warnings.size(), 0U);
  EXPECT_FALSE(fs::exists(left));
}

}  // namespace
}  // namespace davit::test
