#include "davit/dockerfile/expand.hpp"

#include <gtest/gtest.h>

#include <map>

namespace davit::dockerfile {
namespace {

Lookup environment() {
  return [](std::string_view name) -> std::optional<std::string> {
    static const std::map<std::string, std::string, std::less<>> values{
        {"PWD", "/home"},     {"EMPTY", ""},  {"FILE", "/src/app/main.tar.gz"}, {"V", "aXbXc"}, {"SHELL", "bash"},
        {"PARTS", "one two"}, {"STAR", "a*b"}};
    const auto found = values.find(name);
    if (found == values.end()) return std::nullopt;
    return found->second;
  };
}

struct Case {
  std::string word;
  std::string text;
};

class ExpandTable : public testing::TestWithParam<Case> {};

TEST_P(ExpandTable, GivesTheText) {
  const auto result = expand(GetParam().word, environment());
  ASSERT_TRUE(result.has_value()) << GetParam().word << ": " << result.error().message;
  EXPECT_EQ(result->text, GetParam().text) << GetParam().word;
}

INSTANTIATE_TEST_SUITE_P(Quotes, ExpandTable,
                         testing::Values(Case{"hello", "hello"}, Case{R"(he\'llo)", "he'llo"},
                                         Case{R"(abc\tdef)", "abctdef"}, Case{R"("abc\tdef")", R"(abc\tdef)"},
                                         Case{R"("abc\\tdef")", R"(abc\tdef)"}, Case{R"('abc\tdef')", R"(abc\tdef)"},
                                         Case{"hello\\", "hello"}, Case{R"(hello\\)", R"(hello\)"},
                                         Case{R"("hel'lo")", "hel'lo"}, Case{R"('hello\')", R"(hello\)"},
                                         Case{R"('hello\there')", R"(hello\there)"}, Case{R"("''")", "''"},
                                         Case{R"(a"b c"d)", "ab cd"}, Case{"''", ""}));

INSTANTIATE_TEST_SUITE_P(Variables, ExpandTable,
                         testing::Values(Case{"$.", "$."}, Case{"he$1x", "hex"}, Case{"he$.x", "he$.x"},
                                         Case{"he$PWD.", "he/home."}, Case{R"(he\$PWD)", "he$PWD"},
                                         Case{R"(he\\$PWD)", R"(he\/home)"}, Case{R"("he\$PWD")", "he$PWD"},
                                         Case{R"("he\\$PWD")", R"(he\/home)"}, Case{"'$PWD'", "$PWD"},
                                         Case{R"(\${})", "${}"}, Case{"he${PWD}x", "he/homex"}, Case{"$unset_x", ""},
                                         Case{"$", "$"}, Case{"a$", "a$"}, Case{"$$", ""}, Case{"$@x", "x"},
                                         Case{"${unset}", ""}, Case{"\"${PWD}\"", "/home"}));

INSTANTIATE_TEST_SUITE_P(Modifiers, ExpandTable,
                         testing::Values(Case{"${PWD:-000}", "/home"}, Case{"${XXX:-000}x", "000x"},
                                         Case{"${EMPTY:-000}", "000"}, Case{"${EMPTY-000}", ""},
                                         Case{"${XXX-000}", "000"}, Case{"${XXX:-${PWD}z}x", "/homezx"},
                                         Case{R"(${XXX:-\$PWD:}x)", "$PWD:x"}, Case{"${XXX:-${YYY:-z}}", "z"},
                                         Case{"${PWD:+yes}", "yes"}, Case{"${EMPTY:+yes}", ""},
                                         Case{"${EMPTY+yes}", "yes"}, Case{"${XXX+yes}", ""},
                                         Case{"${PWD:?must}", "/home"}, Case{"${EMPTY?must}", ""},
                                         Case{"${XXX:-'a b'}", "a b"}, Case{"${XXX:-}", ""}));

INSTANTIATE_TEST_SUITE_P(Patterns, ExpandTable,
                         testing::Values(Case{"${FILE#*/}", "src/app/main.tar.gz"}, Case{"${FILE##*/}", "main.tar.gz"},
                                         Case{"${FILE%.*}", "/src/app/main.tar"}, Case{"${FILE%%.*}", "/src/app/main"},
                                         Case{"${FILE%/*}", "/src/app"},
                                         Case{"${FILE#nothing}", "/src/app/main.tar.gz"}, Case{"${V/X/-}", "a-bXc"},
                                         Case{"${V//X/-}", "a-b-c"}, Case{"${V//X/}", "abc"}, Case{"${V/a?b/z}", "zXc"},
                                         Case{"${FILE//\\//_}", "_src_app_main.tar.gz"}, Case{"${V#a*X}", "bXc"},
                                         Case{"${V##a*X}", "c"}, Case{"${STAR#a\\*}", "b"}, Case{"${V#a\\*}", "aXbXc"},
                                         Case{"${SHELL/ba/${EMPTY:-z}}", "zsh"}, Case{"${V/X/\\}}", "a}bXc"}));

struct Wrong {
  std::string word;
  std::string message;
  std::size_t offset;
};
class ExpandErrors : public testing::TestWithParam<Wrong> {};

TEST_P(ExpandErrors, SayWhatAndWhere) {
  const auto result = expand(GetParam().word, environment());
  ASSERT_FALSE(result.has_value()) << result->text;
  EXPECT_EQ(result.error().message, GetParam().message);
  EXPECT_EQ(result.error().offset, GetParam().offset);
}

INSTANTIATE_TEST_SUITE_P(All, ExpandErrors,
                         testing::Values(Wrong{"he'llo", "the single quote is not closed", 2},
                                         Wrong{"\"hello", "the double quote is not closed", 0},
                                         Wrong{R"("hello\")", "the double quote is not closed", 0},
                                         Wrong{"he${}x", "bad substitution", 2}, Wrong{"${{x}", "bad substitution", 0},
                                         Wrong{"${:x}", "bad substitution", 0}, Wrong{"${", "missing '}'", 0},
                                         Wrong{"${PWD", "missing '}'", 0}, Wrong{"${PWD:-x", "missing '}'", 7},
                                         Wrong{"${XXX:?}", "XXX: is not allowed to be unset", 0},
                                         Wrong{"${EMPTY:?}", "EMPTY: is not allowed to be empty", 0},
                                         Wrong{"${XXX?set it}", "XXX: set it", 0},
                                         Wrong{"${PWD:#x}", "modifier ':#' is not known", 0},
                                         Wrong{"${PWD^x}", "modifier '^' is not known", 0}));

TEST(Expand, ReportsNamesWithoutValue) {
  const auto result = expand("$a ${b} ${c:-x} $PWD ${d#x}", environment());
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->unset, (std::vector<std::string>{"a", "b", "d"}));
}

TEST(Expand, KeepsQuotesInHeredocBodies) {
  const auto result = expand("it's \"$PWD\" \\n \\$PWD", environment(), '\\', Quotes::Keep);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->text, "it's \"/home\" \\n $PWD");
}

TEST(Expand, UsesTheEscapeOfTheDirective) {
  const auto result = expand("C:\\x`$PWD", environment(), '`');
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->text, "C:\\x$PWD");
}

TEST(Expand, RefusesEndlessNesting) {
  std::string word;
  for (int i = 0; i < 1000; ++i) word += "${x:-";
  EXPECT_FALSE(expand(word, environment()).has_value());
}

TEST(ExpandToWords, SplitsWhatVariablesBringButNotWhatQuotesKeep) {
  const auto result = expand_to_words("80 $PARTS \"$PARTS\" 'c d'$PWD", environment());
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(*result, (std::vector<std::string>{"80", "one", "two", "one two", "c d/home"}));
}

}  // namespace
}  // namespace davit::dockerfile
