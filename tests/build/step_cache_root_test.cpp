// Which steps are done again, and which are not.

#include <sys/xattr.h>

#include "build/build_fixture.hpp"
#include "davit/state/build_cache.hpp"

namespace davit::test {
namespace {

using BuildRootTest = BuildTest;
using Strings = std::vector<std::string>;
namespace fs = std::filesystem;

TEST_F(BuildRootTest, SecondBuildDoesNothingAndGivesTheSameImage) {
  write("a", "1");
  const std::string file = "FROM box\nWORKDIR /srv\nCOPY a .\nRUN echo x > b\nENV A=b\nCMD [\"x\"]\n";
  const ImageId first = must_build(file);
  EXPECT_EQ(seen_.executed.size(), 3U);
  EXPECT_EQ(must_build(file), first);
  EXPECT_EQ(seen_.executed, Strings{});
  EXPECT_EQ(seen_.cached_titles.size(), 4U);
}

TEST_F(BuildRootTest, ChangedFileRunsFromItsCopyOn) {
  write("deps", "1");
  write("code", "1");
  const std::string file = "FROM box\nCOPY deps /d\nRUN echo deps > /installed\nCOPY . /app/\nRUN echo done > /done\n";
  must_build(file);
  write("code", "2");
  must_build(file);
  EXPECT_EQ(seen_.executed, (Strings{"[4/5] COPY . /app/", "[5/5] RUN echo done > /done"}));
}

TEST_F(BuildRootTest, TouchChangesNothing) {
  write("code", "1");
  const std::string file = "FROM box\nCOPY . /app/\n";
  const ImageId first = must_build(file);
  fs::last_write_time(context_ / "code", fs::file_time_type::clock::now() + std::chrono::hours(1));
  EXPECT_EQ(must_build(file), first);
  EXPECT_EQ(seen_.executed, Strings{});
}

TEST_F(BuildRootTest, ModeAndNameCountUnrelatedFilesDoNot) {
  write("dir/a", "1");
  const std::string file = "FROM box\nCOPY dir /app/\n";
  must_build(file);
  write("other", "x");
  must_build(file);
  EXPECT_EQ(seen_.executed.size(), 0U);
  fs::permissions(context_ / "dir/a", fs::perms(0755));
  must_build(file);
  EXPECT_EQ(seen_.executed.size(), 1U);
  fs::rename(context_ / "dir/a", context_ / "dir/b");
  must_build(file);
  EXPECT_EQ(seen_.executed.size(), 1U);
}

TEST_F(BuildRootTest, SameSizeAndTimeButOtherContentIsSeen) {
  write("dir/a", "1");
  const auto time = fs::last_write_time(context_ / "dir/a");
  const std::string file = "FROM box\nCOPY dir /app/\n";
  must_build(file);
  write("dir/a", "2");
  fs::last_write_time(context_ / "dir/a", time);
  EXPECT_EQ(read(must_build(file), "/app/a"), "2");
}

TEST_F(BuildRootTest, SameContentFromARebuiltStageIsAHit) {
  write("src", "1");
  const std::string file =
      "FROM box AS build\nCOPY src /src\nRUN echo fixed > /result\nFROM box\nCOPY --from=build /result /result\nRUN "
      "true\n";
  must_build(file);
  write("src", "2");
  must_build(file);
  EXPECT_EQ(seen_.executed, (Strings{"[build 2/3] COPY src /src", "[build 3/3] RUN echo fixed > /result"}));
}

TEST_F(BuildRootTest, AnotherSourceOfACacheMountIsAnotherCache) {
  const auto file = [](const std::string& text) {
    return "FROM box AS seed\nRUN mkdir /v && echo " + text +
           " > /v/x\nFROM box\nRUN --mount=type=cache,from=seed,source=/v,target=/v cp /v/x /out\n";
  };
  EXPECT_EQ(read(must_build(file("1")), "/out"), "1\n");
  must_build(file("1"));
  EXPECT_EQ(seen_.executed, Strings{});
  EXPECT_EQ(read(must_build(file("2")), "/out"), "2\n");
}

TEST_F(BuildRootTest, TheSameSourceOfACacheMountIsTheSameCacheWhereverItIsMounted) {
  const std::string cache = "RUN --mount=type=cache,id=c,from=seed,source=/v,target=";
  EXPECT_EQ(read(must_build("FROM box AS seed\nRUN mkdir /v\nFROM box\n" + cache + "/one echo 1 > /one/x\n" + cache +
                            "/two cp /two/x /out\n"),
                 "/out"),
            "1\n");
}

TEST_F(BuildRootTest, TheSourceOfABindMountIsMeantLiterally) {
  write("app/[slug]/page", "1");
  write("app/s/page", "of another");
  const std::string file = "FROM box\nRUN --mount=type=bind,source=app/[slug],target=/x cp /x/page /out\n";
  EXPECT_EQ(read(must_build(file), "/out"), "1");
  write("app/[slug]/page", "2");
  EXPECT_EQ(read(must_build(file), "/out"), "2");
}

TEST_F(BuildRootTest, AttributesOfFoldersCount) {
  write("d/sub/file", "1");
  const std::string folder = (context_ / "d/sub").string();
  const std::string file = "FROM box\nCOPY d /d\n";
  must_build(file);
  if (::setxattr(folder.c_str(), "user.k", "1", 1, 0) != 0) GTEST_SKIP() << "the file system keeps no attributes";
  must_build(file);
  EXPECT_EQ(seen_.executed.size(), 1U);
  must_build(file);
  EXPECT_EQ(seen_.executed.size(), 0U);
  ASSERT_EQ(::setxattr(folder.c_str(), "user.k", "2", 1, 0), 0);
  must_build(file);
  EXPECT_EQ(seen_.executed.size(), 1U);
}

TEST_F(BuildRootTest, LimitsOfTheRequestCount) {
  request_.ulimits = {{"nofile", 1000, 1000}};
  const std::string file = "FROM box\nRUN ulimit -n > /n\n";
  EXPECT_EQ(read(must_build(file), "/n"), "1000\n");
  request_.ulimits = {{"nofile", 1001, 1001}};
  EXPECT_EQ(read(must_build(file), "/n"), "1001\n");
}

TEST_F(BuildRootTest, NoCacheDoesEverythingAgain) {
  const std::string file = "FROM box\nRUN echo x > /x\n";
  must_build(file);
  request_.cache = build::CacheUse::Ignore;
  must_build(file);
  EXPECT_EQ(seen_.executed.size(), 1U);
}

TEST_F(BuildRootTest, SameStepInTwoStagesIsDoneOnce) {
  must_build(
      "FROM box AS a\nRUN echo same > /same\nFROM box AS b\nRUN echo same > /same\n"
      "FROM box\nCOPY --from=a /same /1\nCOPY --from=b /same /2\n");
  EXPECT_EQ(seen_.executed.size(), 3U) << "one RUN and two COPY";
}

TEST_F(BuildRootTest, ABuildThatHasEndedHoldsNoLayers) {
  write("a", "1");
  const ImageId id = must_build("FROM scratch\nCOPY a /a\n");
  auto database = state::Database::open(data_root_ / "davit.db");
  for (const auto& record : state::BuildCache(database).all()) state::BuildCache(database).remove(record.key);
  auto others = image::ImageStore::open(data_root_);
  EXPECT_EQ(others.remove(id.str(), image::Removal::Normal, {}).deleted.size(), 2U) << "image and layer";
}

}  // namespace
}  // namespace davit::test
