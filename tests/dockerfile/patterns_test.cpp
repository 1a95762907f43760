#include "davit/dockerfile/patterns.hpp"

#include <gtest/gtest.h>

namespace davit::dockerfile {
namespace {

IgnoreRules rules(std::string_view text) {
  return IgnoreRules::parse(text, ".dockerignore").value();
}

TEST(CleanRelative, StaysInsideTheRoot) {
  EXPECT_EQ(clean_relative("a//b/./../c/"), "a/c");
  EXPECT_EQ(clean_relative("/../../x"), "x");
  EXPECT_EQ(clean_relative("."), "");
  EXPECT_EQ(clean_relative("/"), "");
}

TEST(WildcardMatch, IsGoFilepathMatch) {
  EXPECT_TRUE(wildcard_match("*.txt", "a.txt"));
  EXPECT_FALSE(wildcard_match("*.txt", "d/a.txt"));
  EXPECT_TRUE(wildcard_match("d/*", "d/a.txt"));
  EXPECT_TRUE(wildcard_match("a?c", "abc"));
  EXPECT_FALSE(wildcard_match("a?c", "a/c"));
  EXPECT_TRUE(wildcard_match("arr[[]0].txt", "arr[0].txt"));
  EXPECT_TRUE(wildcard_match("[a-c]x", "bx"));
  EXPECT_FALSE(wildcard_match("[^a-c]x", "bx"));
  EXPECT_TRUE(wildcard_match("\\*", "*"));
  EXPECT_FALSE(wildcard_match("\\*", "a"));
  EXPECT_TRUE(wildcard_match("*a*b", "xaab"));
  EXPECT_FALSE(wildcard_match("a[", "a["));
  EXPECT_TRUE(wildcard_match("*", ""));
}

TEST(HasWildcard, MindsEscapes) {
  EXPECT_TRUE(has_wildcard("a*"));
  EXPECT_FALSE(has_wildcard("a\\*"));
  EXPECT_TRUE(has_wildcard("a[b]"));
}

TEST(IgnoreRules, AreAnchoredAtTheRoot) {
  const auto r = rules("foo\n");
  EXPECT_TRUE(r.excludes("foo"));
  EXPECT_TRUE(r.excludes("foo/bar"));
  EXPECT_FALSE(r.excludes("a/foo"));
  EXPECT_FALSE(r.excludes("foobar"));
}

TEST(IgnoreRules, CleanSlashesAndComments) {
  const auto r = rules("\xEF\xBB\xBF# comment\n\n  /dir/  \r\n #not-a-comment\n");
  EXPECT_TRUE(r.excludes("dir"));
  EXPECT_TRUE(r.excludes("dir/x"));
  EXPECT_TRUE(r.excludes("#not-a-comment"));
}

TEST(IgnoreRules, StarsStayInAComponentDoubleStarsDoNot) {
  const auto r = rules("*.o\n**/*.log\nbuild/**\nx/**/y\n");
  EXPECT_TRUE(r.excludes("a.o"));
  EXPECT_FALSE(r.excludes("d/a.o"));
  EXPECT_TRUE(r.excludes("a.log"));
  EXPECT_TRUE(r.excludes("d/e/a.log"));
  EXPECT_FALSE(r.excludes("build"));
  EXPECT_TRUE(r.excludes("build/a/b"));
  EXPECT_TRUE(r.excludes("x/y"));
  EXPECT_TRUE(r.excludes("x/a/b/y/z"));
  EXPECT_FALSE(r.excludes("x/ay"));
}

TEST(IgnoreRules, NeverMatchTheRootNorWhatIsAbove) {
  for (const char* line : {".", "./", "/", "..", "../src", "a/../../src", "/..", "!."}) {
    const auto r = rules(line);
    for (const char* path : {"", "src", "a", "src/x"}) EXPECT_FALSE(r.excludes(path)) << line << " " << path;
  }
  EXPECT_FALSE(rules("*\n").excludes("")) << "what is in the root, not the root";
  EXPECT_FALSE(rules("**\n").excludes(""));
  EXPECT_TRUE(rules("/../src\n").excludes("src")) << "from the root, '..' leads nowhere else";
  EXPECT_TRUE(rules("a/../src\n").excludes("src/x"));
  EXPECT_TRUE(rules("*\n!.\n").excludes("src")) << "'!.' takes nothing back";
}

TEST(IgnoreRules, LastMatchWins) {
  const auto r = rules("*\n!src\n!*.md\nsecret.md\n");
  EXPECT_TRUE(r.excludes("a"));
  EXPECT_FALSE(r.excludes("src"));
  EXPECT_FALSE(r.excludes("src/deep/file"));
  EXPECT_FALSE(r.excludes("README.md"));
  EXPECT_TRUE(r.excludes("secret.md"));
}

TEST(IgnoreRules, NameTheLineThatExcludes) {
  const auto r = rules("# first\n*.tmp\n!keep.tmp\nbuild/\n");
  ASSERT_TRUE(r.excluded_by("build/x").has_value());
  EXPECT_EQ(r.excluded_by("build/x")->number, 4U);
  EXPECT_EQ(r.excluded_by("build/x")->pattern, "build/");
  EXPECT_FALSE(r.excluded_by("keep.tmp").has_value());
}

TEST(IgnoreRules, PruneOnlyWhereNothingCanComeBack) {
  EXPECT_TRUE(rules("node_modules\n").prunes("node_modules"));
  EXPECT_TRUE(rules("*\n!src\n").prunes("node_modules"));
  EXPECT_FALSE(rules("*\n!src/keep\n").prunes("src"));
  EXPECT_FALSE(rules("*\n!**/keep\n").prunes("anything"));
  EXPECT_FALSE(rules("*\n!a*/x\n").prunes("abc"));
}

TEST(IgnoreRules, ClassesAndEscapes) {
  const auto r = rules("[a-c].txt\n\\!important\nlit\\*\n");
  EXPECT_TRUE(r.excludes("b.txt"));
  EXPECT_FALSE(r.excludes("d.txt"));
  EXPECT_TRUE(r.excludes("!important"));
  EXPECT_TRUE(r.excludes("lit*"));
  EXPECT_FALSE(r.excludes("litx"));
}

TEST(IgnoreRules, MalformedLinesAreErrorsWithPosition) {
  const auto result = IgnoreRules::parse("ok\na[b\n", ".dockerignore");
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().where->to_string(), ".dockerignore:2:1");
  EXPECT_FALSE(IgnoreRules::parse("!\n", "f").has_value());
}

TEST(IgnoreRules, DoubleStarBeforeTextTakesWholeFolders) {
  const auto r = rules("a**b\n");
  EXPECT_TRUE(r.excludes("ab"));
  EXPECT_TRUE(r.excludes("ax/b"));
  EXPECT_FALSE(r.excludes("axb"));
}

}  // namespace
}  // namespace davit::dockerfile
