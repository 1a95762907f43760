// Stages: which are built, when, and what ends them.

#include "build/build_fixture.hpp"

namespace davit::test {
namespace {

using BuildRootTest = BuildTest;
using Strings = std::vector<std::string>;

TEST_F(BuildRootTest, MultiStageToScratch) {
  const std::string file =
      "FROM box AS build\nRUN mkdir /out && echo binary > /out/app && chmod 755 /out/app\n"
      "FROM box AS unused\nRUN exit 1\n"
      "FROM scratch\nCOPY --from=build /out/app /bin/app\nENTRYPOINT [\"/bin/app\"]\n";
  const ImageId id = must_build(file);
  EXPECT_EQ(read(id, "/bin/app"), "binary\n");
  EXPECT_EQ(stat_line(id, "/bin/app"), "100755 0 0");
  EXPECT_EQ(inspect(id).diff_ids.size(), 1U);
  EXPECT_EQ(read(id, "/bin/sh"), "<none>");
  EXPECT_EQ(must_build(file), id);
  EXPECT_EQ(seen_.executed, Strings{});
}

TEST_F(BuildRootTest, TargetBuildsOnlyWhatItNeeds) {
  request_.target = "first";
  EXPECT_EQ(read(must_build("FROM box AS first\nRUN echo 1 > /1\nFROM first\nRUN exit 1\n"), "/1"), "1\n");
}

TEST_F(BuildRootTest, StageWithoutStepsIsItsParent) {
  EXPECT_EQ(read(must_build("FROM box AS first\nRUN echo 1 > /1\nFROM first AS second\nFROM second\n"), "/1"), "1\n");
}

TEST_F(BuildRootTest, StagesRunAtTheSameTime) {
  // A pipe is opened when both ends are: only possible when both stages run.
  const ImageId id = must_build(
      "FROM box AS a\nRUN --mount=type=cache,target=/c mkfifo /c/both; echo a > /c/both; echo a > /a\n"
      "FROM box AS b\nRUN --mount=type=cache,target=/c mkfifo /c/both; cat /c/both; echo b > /b\n"
      "FROM scratch\nCOPY --from=a /a /\nCOPY --from=b /b /\n");
  EXPECT_EQ(read(id, "/b"), "b\n");
}

TEST_F(BuildRootTest, FailureStopsTheOtherStages) {
  const std::string message = must_fail(
      "FROM box AS a\nRUN sleep 1000\nFROM box AS b\nRUN exit 4\nFROM box\nCOPY --from=a / /a\nCOPY --from=b / /b\n");
  EXPECT_NE(message.find("exit code 4"), std::string::npos) << message;
  EXPECT_EQ(seen_.cancelled_titles.size(), 1U);
}

}  // namespace
}  // namespace davit::test
