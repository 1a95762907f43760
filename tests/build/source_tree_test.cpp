#include "build/source_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "davit/base/error.hpp"
#include "support/temp_dir.hpp"

namespace davit::build {
namespace {

namespace fs = std::filesystem;
using Strings = std::vector<std::string>;
using testing::HasSubstr;

class SourceTreeTest : public testing::Test {
 protected:
  void file(const std::string& path) {
    fs::create_directories((root_.path() / path).parent_path());
    std::ofstream(root_.path() / path) << path;
  }
  void link(const std::string& path, const std::string& target) { fs::create_symlink(target, root_.path() / path); }
  void ignore(std::string_view text) { ignore_ = dockerfile::IgnoreRules::parse(text, ".dockerignore").value(); }
  SourceTree tree() const { return {root_.path().string(), "the build context", &ignore_}; }

  /// Where everything goes below the destination: a folder's contents, a file under its name.
  Strings copied(const Strings& sources, bool parents = false) {
    step_.sources.clear();
    for (const auto& source : sources) step_.sources.push_back({source, {}});
    step_.parents = parents;
    Strings out;
    for (const Item& item : tree().select(step_))
      for (const Entry& entry : item.entries)
        if (!item.folder || !entry.to.empty()) out.push_back(item.folder ? entry.to : item.name);
    return out;
  }
  Strings with_parents(const Strings& sources) { return copied(sources, true); }
  std::string failure(const Strings& sources, bool parents = false) {
    try {
      return "no failure, but " + testing::PrintToString(copied(sources, parents));
    } catch (const Error& error) {
      return render(error.diagnostic(), nullptr);
    }
  }

  davit::test::TempDir root_;
  dockerfile::IgnoreRules ignore_;
  CopyStep step_;
};

TEST_F(SourceTreeTest, AnAllowListKeepsTheRest) {
  file("src/a");
  file("other/b");
  file(".env");
  ignore("*\n!src\n");
  EXPECT_EQ(copied({"."}), (Strings{"src", "src/a"}));
  EXPECT_EQ(copied({"src"}), Strings{"a"});
  EXPECT_EQ(copied({"*"}), Strings{"a"});
  ignore("*\n");
  EXPECT_EQ(copied({"."}), Strings{}) << "an empty folder, as docker's";
  ignore("**\n!src/a\n");
  EXPECT_EQ(copied({"/"}), (Strings{"src", "src/a"}));
  EXPECT_EQ(copied({"src"}), Strings{"a"});
}

TEST_F(SourceTreeTest, AnIgnoredLinkIsNoWayToItsTarget) {
  file("real/file");
  link("folder", "real");
  link("link", "real/file");
  link("chain", "link");
  EXPECT_EQ(copied({"link", "chain", "folder/file"}), (Strings{"link", "chain", "file"}));
  ignore("link\nfolder\n");
  EXPECT_EQ(failure({"link"}),
            "error: 'link' is excluded from the build context\n"
            "  note: line 1 of .dockerignore excludes it: 'link'\n");
  EXPECT_EQ(failure({"chain"}),
            "error: 'chain' is excluded from the build context\n"
            "  note: its path leads over 'link'\n"
            "  note: line 1 of .dockerignore excludes it: 'link'\n");
  EXPECT_THAT(failure({"folder/file"}), HasSubstr("line 2 of .dockerignore"));
  EXPECT_THAT(failure({"folder/*"}), HasSubstr("line 2 of .dockerignore"));
  EXPECT_EQ(copied({"real"}), Strings{"file"});
  ignore("real/file\n");
  EXPECT_THAT(failure({"link"}), HasSubstr("its path leads over 'real/file'"));
  EXPECT_THAT(failure({"lin*"}), HasSubstr("'link' is excluded from the build context"));
}

TEST_F(SourceTreeTest, AWildcardLooksInTheFolderALinkNames) {
  file("real/c/x.txt");
  file("real/c/y.md");
  file("real/c/z.txt");
  link("lnk", "real");
  link("abs", "/real/c");
  link("out", "../../../../../../etc");
  EXPECT_EQ(copied({"lnk/c/*.txt"}), (Strings{"x.txt", "z.txt"}));
  EXPECT_EQ(copied({"abs/*.md"}), Strings{"y.md"});
  EXPECT_EQ(copied({"lnk/*/y.md"}), Strings{"y.md"});
  EXPECT_EQ(copied({"l*/c/*.txt"}), Strings{}) << "behind a wildcard no link is followed";
  EXPECT_EQ(copied({"ln*"}), (Strings{"c", "c/x.txt", "c/y.md", "c/z.txt"})) << "but a match that is one is";
  EXPECT_THAT(failure({"out/pass*"}), HasSubstr("'out' is not in the build context")) << "etc of the context";
  ignore("real/c/z.txt\n");
  EXPECT_EQ(copied({"lnk/c/*.txt"}), Strings{"x.txt"});
}

TEST_F(SourceTreeTest, AWildcardThatCannotBeLookedForIsAMistake) {
  file("dir/a");
  link("dangling", "nowhere");
  EXPECT_THAT(failure({"dri/*"}), HasSubstr("did you mean 'dir'?"));
  EXPECT_EQ(failure({"dang*"}),
            "error: 'dangling' is not in the build context\n"
            "  note: 'dangling' is a symbolic link to 'nowhere', which is not in the build context\n");
  EXPECT_EQ(copied({"dir/*.txt"}), Strings{}) << "to find nothing is none";
}

class ParentsTest : public SourceTreeTest {
 protected:
  ParentsTest() {
    for (const char* path : {"a/b/c/d/foo", "a/b/c/d/e/bay", "a/b2/c/d/e/bar", "a/b/c2/d/e/baz", "a/b/c2/d/e2/baz",
                             "a/top.txt", "top.txt"})
      file(path);
  }
};

TEST_F(ParentsTest, KeepTheWholePath) {
  EXPECT_EQ(with_parents({"a/b/c/d/foo"}), (Strings{"a", "a/b", "a/b/c", "a/b/c/d", "a/b/c/d/foo"}));
  EXPECT_EQ(with_parents({"./a/b2/"}), (Strings{"a", "a/b2", "a/b2/c", "a/b2/c/d", "a/b2/c/d/e", "a/b2/c/d/e/bar"}));
  EXPECT_EQ(with_parents({"top.txt"}), Strings{"top.txt"});
}

TEST_F(ParentsTest, DoubleStarsTakeAnyNumberOfFolders) {
  EXPECT_EQ(with_parents({"**/*.txt"}), (Strings{"a", "a/top.txt", "top.txt"}));
  EXPECT_EQ(with_parents({"a/**/e/ba?"}),
            (Strings{"a", "a/b", "a/b/c", "a/b/c/d", "a/b/c/d/e", "a/b/c/d/e/bay", "a/b/c2", "a/b/c2/d", "a/b/c2/d/e",
                     "a/b/c2/d/e/baz", "a/b2", "a/b2/c", "a/b2/c/d", "a/b2/c/d/e", "a/b2/c/d/e/bar"}));
  EXPECT_EQ(with_parents({"**/none"}), Strings{});
}

TEST_F(ParentsTest, BeginAtThePivot) {
  EXPECT_EQ(with_parents({"/a/b2/./c/d"}), (Strings{"c", "c/d", "c/d/e", "c/d/e/bar"}));
  EXPECT_EQ(with_parents({"a/./b2/./c"}), (Strings{"b2", "b2/c", "b2/c/d", "b2/c/d/e", "b2/c/d/e/bar"}))
      << "at the first of two";
  EXPECT_EQ(with_parents({"a/b*/./c/**/e"}),
            (Strings{"c", "c/d", "c/d/e", "c/d/e/bay", "c", "c/d", "c/d/e", "c/d/e/bar"}));
  EXPECT_EQ(with_parents({"a/./*.txt"}), Strings{"top.txt"});
}

TEST_F(ParentsTest, MindBothKindsOfExclusion) {
  step_.excludes = {"**/e", "!a/top.txt"};
  EXPECT_EQ(with_parents({"a/b2"}), (Strings{"a", "a/b2", "a/b2/c", "a/b2/c/d"}));
  step_.excludes = {};
  ignore("*\n!a/b2/c\n");
  EXPECT_EQ(with_parents({"a/./b*"}), (Strings{"b2", "b2/c", "b2/c/d", "b2/c/d/e", "b2/c/d/e/bar"}));
  EXPECT_THAT(failure({"a/./b/c"}, true), HasSubstr("'a/./b/c' is excluded from the build context"));
}

TEST_F(ParentsTest, RefuseWhatIsNotThereAndTakeLinksAsLinks) {
  link("lnk", "a/b2");
  link("a/inner", "b2");
  EXPECT_THAT(failure({"a/b3/x"}, true), HasSubstr("did you mean 'a/b'?"));
  EXPECT_THAT(failure({"nothere/./x"}, true), HasSubstr("'nothere/./x' is not in the build context"));
  EXPECT_EQ(with_parents({"lnk"}), Strings{"lnk"});
  EXPECT_EQ(with_parents({"lnk/./c"}), (Strings{"c", "c/d", "c/d/e", "c/d/e/bar"})) << "before the pivot they are ways";
  EXPECT_THAT(failure({"a/inner/c"}, true), HasSubstr("hint: name the real path: 'a/b2/c'"));
}

}  // namespace
}  // namespace davit::build
