// What docker compose writes is the measure; the expectations here were read from its output.

#include "compose/yaml_style.hpp"

#include <gtest/gtest.h>

#include "compose/emitter.hpp"

namespace davit::compose {
namespace {

std::string in_map(std::string_view text) {
  YamlEmitter out;
  out.begin_map(Emptiness::Filled);
  out.key("k");
  out.scalar(yaml::Kind::String, text);
  out.end_map();
  return out.take();
}

TEST(YamlStyle, StringsStayStrings) {
  EXPECT_EQ(in_map("abc"), "k: abc\n");
  EXPECT_EQ(in_map(""), "k: \"\"\n");
  EXPECT_EQ(in_map("1"), "k: \"1\"\n");
  EXPECT_EQ(in_map("true"), "k: \"true\"\n");
  EXPECT_EQ(in_map("~"), "k: \"~\"\n");
  EXPECT_EQ(in_map("2001-12-14"), "k: \"2001-12-14\"\n");
  EXPECT_EQ(in_map("no"), "k: 'no'\n");
  EXPECT_EQ(in_map("22:22"), "k: '22:22'\n");
  EXPECT_EQ(in_map("1000:1000"), "k: 1000:1000\n");
  EXPECT_EQ(in_map("a: b"), "k: 'a: b'\n");
  EXPECT_EQ(in_map("a #b"), "k: 'a #b'\n");
  EXPECT_EQ(in_map("- a"), "k: '- a'\n");
  EXPECT_EQ(in_map("-a"), "k: -a\n");
  EXPECT_EQ(in_map(" a"), "k: ' a'\n");
  EXPECT_EQ(in_map("it's"), "k: it's\n");
  EXPECT_EQ(in_map("'q'"), "k: '''q'''\n");
  EXPECT_EQ(in_map("a\tb"), "k: \"a\\tb\"\n");
  EXPECT_EQ(in_map("\x01"), "k: \"\\x01\"\n");
  EXPECT_EQ(in_map("\xF0\x9F\x98\x80"), "k: \"\\U0001F600\"\n");
  EXPECT_EQ(in_map("\xC3\xA9"), "k: \xC3\xA9\n");
}

TEST(YamlStyle, SeveralLinesAreABlock) {
  EXPECT_EQ(in_map("a\nb"), "k: |-\n  a\n  b\n");
  EXPECT_EQ(in_map("a\nb\n"), "k: |\n  a\n  b\n");
  EXPECT_EQ(in_map("a\n\n"), "k: |+\n  a\n\n");
  EXPECT_EQ(in_map("a \nb"), "k: \"a \\nb\"\n");
  EXPECT_EQ(in_map("\n"), "k: \"\\n\"\n");
  EXPECT_EQ(in_map(" a\nb"), "k: |2-\n   a\n  b\n");
  // docker compose leaves the 2 out here, and what it writes reads back without the blanks.
  EXPECT_EQ(in_map("\n  a\n"), "k: |2\n\n    a\n");
}

TEST(YamlStyle, LongLinesFoldAtBlanksAfterColumn80) {
  const std::string word(40, 'x');
  EXPECT_EQ(in_map(word + " " + word + " z y"), "k: " + word + " " + word + "\n  z y\n");
  EXPECT_EQ(in_map(word + " " + word + "  z"), "k: " + word + " " + word + "  z\n");
  EXPECT_EQ(in_map("'" + word + " " + word + " z"), "k: '''" + word + " " + word + "\n  z'\n");
  EXPECT_EQ(in_map("\t" + word + " " + word + " z"), "k: \"\\t" + word + " " + word + "\n  z\"\n");
}

TEST(YamlStyle, LongKeysAreMarked) {
  const std::string name(129, 'n');
  YamlEmitter out;
  out.begin_map(Emptiness::Filled);
  out.key(name);
  out.scalar(yaml::Kind::String, "v");
  out.end_map();
  EXPECT_EQ(out.take(), "? " + name + "\n: v\n");
}

TEST(NaturalOrder, CountsAsAPersonDoes) {
  EXPECT_TRUE(natural_less("s2", "s10"));
  EXPECT_FALSE(natural_less("s10", "s2"));
  EXPECT_TRUE(natural_less("a", "ab"));
  EXPECT_TRUE(natural_less("A", "a"));
  EXPECT_TRUE(natural_less("a_b", "ab"));
  EXPECT_TRUE(natural_less("n1_x", "n1x") != natural_less("n1x", "n1_x"));
  EXPECT_FALSE(natural_less("same", "same"));
}

}  // namespace
}  // namespace davit::compose
