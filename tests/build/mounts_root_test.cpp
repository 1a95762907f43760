// RUN --mount.

#include "build/build_aside.hpp"
#include "build/build_fixture.hpp"

namespace davit::test {
namespace {

using BuildRootTest = BuildTest;
namespace fs = std::filesystem;

TEST_F(BuildRootTest, RunMounts) {
  write("in/file", "from context");
  write("secret", "hush");
  request_.secrets = {{"token", {(context_ / "secret").string(), std::nullopt}}, {"text", {"", "in memory"}}};
  const ImageId id = must_build(
      "FROM box AS other\nRUN echo staged > /s\n"
      "FROM box\nWORKDIR /w\n"
      "RUN --mount=type=bind,source=in,target=/in cat /in/file > /a\n"
      "RUN --mount=from=other,target=/o cat /o/s > /b\n"
      "RUN --mount=type=cache,target=/c echo kept >> /c/log\n"
      "RUN --mount=type=cache,target=/c cat /c/log > /d\n"
      "RUN --mount=type=tmpfs,target=/t echo x > /t/x\n"
      "RUN --mount=type=secret,id=token cat /run/secrets/token > /e\n"
      "RUN --mount=type=secret,id=text,env=TEXT echo $TEXT > /f\n"
      "RUN --mount=type=bind,source=in,target=/in,rw echo more > /in/new\n");
  EXPECT_EQ(read(id, "/a"), "from context");
  EXPECT_EQ(read(id, "/b"), "staged\n");
  EXPECT_EQ(read(id, "/d"), "kept\n");
  EXPECT_EQ(read(id, "/e"), "hush");
  EXPECT_EQ(read(id, "/f"), "in memory\n");
  EXPECT_FALSE(fs::exists(context_ / "in/new"));
  for (const char* path : {"/in", "/o", "/c", "/t", "/run"}) EXPECT_EQ(read(id, path), "<none>") << path;
  EXPECT_NE(must_fail("FROM box\nRUN --mount=type=secret,id=other,required true\n").find("secret 'other' is required"),
            std::string::npos);
}

TEST_F(BuildRootTest, AStepDoesNotWaitForACacheMountThatItHasItself) {
  request_.context = context_.string();
  const std::string cache = "--mount=type=cache,id=both,sharing=";
  for (const std::string sharing : {"locked", "private"}) {
    request_.dockerfile_text = "FROM box\nRUN " + cache + sharing + ",target=/a " + cache + sharing +
                               ",target=/b touch /a/" + sharing + " && test -e /b/" + sharing + "\n";
    BuildAside build(request_, *store_);
    EXPECT_TRUE(build.result().has_value()) << sharing << "\n" << build.text();
  }
}

TEST_F(BuildRootTest, WaitingForALockedCacheMountCanBeStopped) {
  request_.context = context_.string();
  const std::string mount = "RUN --mount=type=cache,target=/c,sharing=locked ";
  request_.dockerfile_text = "FROM box\n" + mount + "mkfifo /c/go; echo first; read line < /c/go\n";
  BuildAside first(request_, *store_);
  ASSERT_TRUE(first.has_spoken());
  request_.dockerfile_text = "FROM box\n" + mount + "echo second\n";
  BuildAside second(request_, *store_);
  ASSERT_TRUE(second.has_spoken());
  EXPECT_EQ(second.text(), "waiting for the cache mount '/c', which another step has locked\n");
  BuildAside third(request_, *store_);
  ASSERT_TRUE(third.has_spoken());
  second.stop();
  const auto stopped = second.result();
  ASSERT_FALSE(stopped.has_value());
  EXPECT_EQ(stopped.error().diagnostics.items().front().code, "cancelled");
  const auto pipes = let_go_on(data_root_);
  EXPECT_TRUE(first.result().has_value());
  EXPECT_TRUE(third.result().has_value()) << "who still waits gets it";
  EXPECT_NE(third.text().find("second\n"), std::string::npos);
}

}  // namespace
}  // namespace davit::test
