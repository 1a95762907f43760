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

/// "line:column name=value", and the variables in it with the part of the value that is theirs.
std::string written(std::string_view text) {
  std::map<std::string, std::string> values;
  Diagnostics diagnostics;
  std::vector<WrittenVariable> found;
  parse_dotenv(text, std::make_shared<const std::string>(".env"), outside, values, diagnostics, &found);
  std::string all;
  for (const WrittenVariable& variable : found) {
    all += std::to_string(variable.where.begin.line) + ":" + std::to_string(variable.where.begin.column) + " " +
           variable.name + "=" + variable.value;
    for (const ReplacedVariable& replaced : variable.replaced)
      all += std::string(variable.bare ? " bare " : " ") + replaced.name + "@" + std::to_string(replaced.part.from) +
             "-" + std::to_string(replaced.part.to);
    all += "\n";
  }
  return all;
}

TEST(Dotenv, TellsEveryLineThatGaveAValue) {
  EXPECT_EQ(written("A=1\n  export B=2\nHOME\nNOPE\nA=3\n"),
            "1:1 A=1\n2:10 B=2\n3:1 HOME=/root bare HOME@0-5\n5:1 A=3\n");
  EXPECT_EQ(written("A=x\nB=\"$A/${C:-d$A}\"\nD='$A'\n"), "1:1 A=x\n2:1 B=x/dx A@0-1 C@2-4 A@3-4\n3:1 D=$A\n");
}

TEST(Dotenv, MistakesHaveTheirPlace) {
  EXPECT_EQ(read("A=1\nB!=2\nC=3\n"), "A=[1]C=[3]{2:2 unexpected character '!' in a variable name}");
  EXPECT_EQ(read("A=\"open\nB=2\n"), "B=[2]{1:3 the quote of the value of 'A' is never closed}");
  EXPECT_EQ(read("A B=1\n"), "{1:1 a variable name may not contain a blank, found 'A B'}");
  EXPECT_EQ(read("A=${x.y}\n"), "{1:3 invalid variable expression in the value of 'A'}");
  EXPECT_EQ(read("A=${B:-${C}\n"), "{1:3 a variable expression that is never closed in the value of 'A'}");
  EXPECT_EQ(read("A=$UNSET\n"), "A=[]{1:3 the variable 'UNSET' is not set, an empty string takes its place}");
}

TEST(RawEnv, TakesEverythingLiterally) {
  EXPECT_EQ(read("A='x' # y\nB=$HOME\n# c\nHOME\nNOPE\n C=1", true), "A=['x' # y]B=[$HOME]C=[1]HOME=[/root]");
  EXPECT_EQ(read("=x\nA B=1\n", true),
            "{1:1 a line starts with '=' and has no name}{2:1 a variable name may not contain a blank, found 'A B'}");
}

}  // namespace
}  // namespace davit::compose
