#include "davit/compose/dotenv.hpp"

#include <gtest/gtest.h>

namespace davit::compose {
namespace {

std::optional<std::string> outside(std::string_view name) {
  return name == "HOME" ? std::optional<std::string>("/root") : std::nullopt;
}

std::string read(std::string_view text, bool raw = false) {
  std::map<std::string, std::string> values;
  Diagnostics diagnostics;
  const auto file = std::make_shared<const std::string>(".env");
  (raw ? parse_raw_env : parse_dotenv)(text, file, outside, values, diagnostics, nullptr);
  std::string result;
  for (const auto& [name, value] : values) result += name + "=[" + value + "]";
  for (const Diagnostic& item : diagnostics.items())
    result += "{" + std::to_string(item.where->begin.line) + ":" + std::to_string(item.where->begin.column) + " " +
              item.message + "}";
  return result;
}

TEST(Dotenv, ReadsItsGrammar) {
  EXPECT_EQ(read("A=1\nB = 2\nC: 3\nexport D=4\n"), "A=[1]B=[2]C=[3]D=[4]");
  EXPECT_EQ(read("# note\n\n  A=1 # note\nB=x#y\n"), "A=[1]B=[x#y]");
  EXPECT_EQ(read("A='$HOME \\n'\nB=\"$HOME\\n\"\n"), "A=[$HOME \\n]B=[/root\n]");
  EXPECT_EQ(read("A=\"one\ntwo\"\nB=2"), "A=[one\ntwo]B=[2]");
  EXPECT_EQ(read("A=\"say \\\"hi\\\"\" # x\n"), "A=[say \"hi\"]");
  EXPECT_EQ(read("A=1\nB=$A-${HOME}\n"), "A=[1]B=[1-/root]");
  EXPECT_EQ(read("A=\"\\$HOME\"\nB=$$HOME\n"), "A=[$HOME]B=[$HOME]");
  EXPECT_EQ(read("HOME\nNOPE\n"), "HOME=[/root]");
  EXPECT_EQ(read("\xEF\xBB\xBF"
                 "A=1\r\nB=2\r\n"),
            "A=[1]B=[2]");
  EXPECT_EQ(read("A=\nB=''\n"), "A=[]B=[]");
  EXPECT_EQ(read("A=1\nA=2\n"), "A=[2]");
}

TEST(Dotenv, NamesHaveTheirPlace) {
  std::map<std::string, std::string> values;
  Diagnostics diagnostics;
  VariablePlaces places;
  const auto file = std::make_shared<const std::string>(".env");
  parse_dotenv("A=1\n  export B=2\nHOME\nA=3\n", file, outside, values, diagnostics, &places);
  EXPECT_EQ(places.at("A").begin, (Position{4, 1}));
  EXPECT_EQ(places.at("B").begin, (Position{2, 10}));
  EXPECT_FALSE(places.contains("HOME")) << "its value comes from outside";
}

TEST(Dotenv, MistakesHaveTheirPlace) {
  EXPECT_EQ(read("A=1\nB!=2\nC=3\n"), "A=[1]C=[3]{2:2 unexpected character '!' in a variable name}");
  EXPECT_EQ(read("A=\"open\nB=2\n"), "B=[2]{1:3 the quote of the value of 'A' is never closed}");
  EXPECT_EQ(read("A B=1\n"), "{1:1 a variable name may not contain a blank, found 'A B'}");
  EXPECT_EQ(read("A=${x.y}\n"), "{1:3 invalid variable expression in the value of 'A'}");
  EXPECT_EQ(read("A=$UNSET\n"), "A=[]{1:3 the variable 'UNSET' is not set, an empty string takes its place}");
}

TEST(RawEnv, TakesEverythingLiterally) {
  EXPECT_EQ(read("A='x' # y\nB=$HOME\n# c\nHOME\nNOPE\n C=1", true), "A=['x' # y]B=[$HOME]C=[1]HOME=[/root]");
  EXPECT_EQ(read("=x\nA B=1\n", true),
            "{1:1 a line starts with '=' and has no name}{2:1 a variable name may not contain a blank, found 'A B'}");
}

}  // namespace
}  // namespace davit::compose
