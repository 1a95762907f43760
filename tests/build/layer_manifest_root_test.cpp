// What a step puts into its layer.

#include "build/build_fixture.hpp"

namespace davit::test {
namespace {

using BuildRootTest = BuildTest;
using Strings = std::vector<std::string>;
namespace fs = std::filesystem;

TEST_F(BuildRootTest, UnchangedFilesAreSharedWithTheEarlierLayer) {
  write("dir/same", "1");
  write("dir/changed", "1");
  write("dir/other-mode", "1");
  const std::string file = "FROM box\nCOPY dir /app/\n";
  const ImageId first = must_build(file);
  write("dir/changed", "2");
  fs::permissions(context_ / "dir/other-mode", fs::perms(0755));
  const ImageId second = must_build(file);
  EXPECT_EQ(seen_.executed.size(), 1U);
  const auto inode = [this](const ImageId& id, const std::string& path) {
    return fs::hard_link_count(store_->layer_paths(inspect(id)).front().string() + path);
  };
  EXPECT_EQ(inode(second, "/app/same"), 2U);
  EXPECT_EQ(inode(second, "/app/changed"), 1U);
  EXPECT_EQ(inode(second, "/app/other-mode"), 1U);
  EXPECT_EQ(read(first, "/app/changed"), "1");
  EXPECT_EQ(read(second, "/app/changed"), "2");
  EXPECT_EQ(stat_line(first, "/app/other-mode"), "100644 0 0");
  EXPECT_EQ(stat_line(second, "/app/other-mode"), "100755 0 0");
  // A program that writes to the file writes to a copy of its own.
  EXPECT_EQ(read(must_build(file + "RUN echo more >> /app/same\n"), "/app/same"), "1more\n");
  EXPECT_EQ(read(first, "/app/same"), "1");
}

TEST_F(BuildRootTest, ManyFilesAreSharedToo) {
  const auto name = [](int i) { return "f" + std::to_string(i % 20) + "/" + std::to_string(i); };
  for (int i = 0; i < 700; ++i) write("dir/" + name(i), "text " + std::to_string(i));
  write("dir/f3/deep/er", "deep");
  write(".dockerignore", "dir/f7\n!dir/f7/27\n");
  const std::string file = "FROM box\nCOPY dir /app/\n";
  const ImageId first = must_build(file);
  write("dir/" + name(5), "changed");
  fs::remove(context_ / "dir" / name(6));
  write("dir/f4/new", "new");
  const ImageId second = must_build(file);
  const auto links = [&](const std::string& path) {
    return fs::hard_link_count(store_->layer_paths(inspect(second)).front() / "app" / path);
  };
  for (int i = 0; i < 700; ++i) {
    if (i % 20 == 7 && i != 27) {
      EXPECT_EQ(read(second, "/app/" + name(i)), "<none>");
    } else if (i != 5 && i != 6) {
      EXPECT_EQ(links(name(i)), 2U) << i;
      EXPECT_EQ(read(second, "/app/" + name(i)), "text " + std::to_string(i));
    }
  }
  EXPECT_EQ(links("f3/deep/er"), 2U);
  EXPECT_EQ(read(second, "/app/" + name(5)), "changed");
  EXPECT_EQ(read(second, "/app/" + name(6)), "<none>");
  EXPECT_EQ(read(second, "/app/f4/new"), "new");
  EXPECT_EQ(read(first, "/app/" + name(5)), "text 5");
  must_build(file);
  EXPECT_EQ(seen_.executed, Strings{}) << "the walk gives the same twice";
}

TEST_F(BuildRootTest, FoldersBelowKeepTheirOwnerAndMode) {
  write("f", "1");
  const ImageId id = must_build(
      "FROM box\nRUN mkdir -p /d/e && chown app:extra /d/e && chmod 1770 /d/e && echo old > /d/e/f && ln -s e /d/l\n"
      "COPY f /d/l/g\nCOPY f /d/e/f\nWORKDIR /d/l/w\n");
  EXPECT_EQ(stat_line(id, "/d/e"), "41770 1000 2000");
  EXPECT_EQ(read(id, "/d/e/f"), "1");
  EXPECT_EQ(read(id, "/d/e/g"), "1");
  EXPECT_EQ(stat_line(id, "/d/e/w"), "40755 0 0");
  EXPECT_EQ(read(id, "/d/l"), "-> e");
}

TEST_F(BuildRootTest, DeletionsAreInTheLayer) {
  const ImageId id = must_build("FROM box\nRUN echo x > /gone\nRUN rm /gone\n");
  EXPECT_EQ(read(id, "/gone"), "<none>");
  EXPECT_EQ(inspect(id).diff_ids.size(), 3U);
}

TEST_F(BuildRootTest, StepThatChangesNothingMakesNoLayer) {
  EXPECT_EQ(inspect(must_build("FROM box\nRUN true\nWORKDIR /tmp\n")).diff_ids.size(), 1U);
}

}  // namespace
}  // namespace davit::test
