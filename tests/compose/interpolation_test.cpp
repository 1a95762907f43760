#include "compose/interpolation.hpp"

#include <gtest/gtest.h>

#include <map>

namespace davit::compose {
namespace {

std::optional<std::string> value_of(std::string_view name) {
  static const std::map<std::string, std::string, std::less<>> kValues{{"A", "a"}, {"EMPTY", ""}, {"B", "b"}};
  const auto found = kValues.find(name);
  return found == kValues.end() ? std::nullopt : std::optional(found->second);
}

struct Case {
  std::string_view text;
  std::string_view expected;
};

class Interpolate : public ::testing::TestWithParam<Case> {};

TEST_P(Interpolate, Gives) {
  const auto result = interpolate(GetParam().text, value_of);
  ASSERT_TRUE(result.has_value()) << GetParam().text;
  EXPECT_EQ(*result, GetParam().expected) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    All, Interpolate,
    ::testing::Values(Case{"plain", "plain"}, Case{"$A", "a"}, Case{"${A}", "a"}, Case{"x${A}y$B", "xayb"},
                      Case{"$$A", "$A"}, Case{"$5", "$5"}, Case{"$", "$"}, Case{"a$ b", "a$ b"}, Case{"$UNSET!", "!"},
                      Case{"${UNSET-x}", "x"}, Case{"${EMPTY-x}", ""}, Case{"${EMPTY:-x}", "x"}, Case{"${A:-x}", "a"},
                      Case{"${A:+x}", "x"}, Case{"${EMPTY:+x}", ""}, Case{"${EMPTY+x}", "x"}, Case{"${UNSET+x}", ""},
                      Case{"${A:?m}", "a"}, Case{"${EMPTY?m}", ""}, Case{"${UNSET:-${A}}", "a"},
                      Case{"${UNSET:-${NOPE:-${B}}}", "b"}, Case{"${UNSET:-a:b-c}", "a:b-c"},
                      Case{"${UNSET:-$$x}", "$x"}, Case{"${UNSET:-{\"k\": 1}}", "{\"k\": 1}"},
                      Case{"${A}${UNSET:-x}${B}", "axb"}, Case{"${UNSET:-x} and ${B:-y}", "x and b"},
                      Case{"${UNSET:-}", ""}, Case{"$A-$B", "a-b"}));

TEST(InterpolateError, RequiredVariablesNameTheirReason) {
  const auto result = interpolate("x ${UNSET:?set $A}", value_of);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().kind, InterpolationError::Kind::Required);
  EXPECT_EQ(result.error().variable, "UNSET");
  EXPECT_EQ(result.error().reason, "set a");
  EXPECT_EQ(result.error().offset, 2U);
}

TEST(InterpolateError, InvalidExpressionsAreFound) {
  for (const std::string_view text : {"${}", "${1}", "${A:x}", "a ${b c}", "${b c} ${A"}) {
    const auto result = interpolate(text, value_of);
    ASSERT_FALSE(result.has_value()) << text;
    EXPECT_EQ(result.error().kind, InterpolationError::Kind::Invalid) << text;
  }
}

TEST(InterpolateError, WhatIsNeverClosedIsFoundFromItsStart) {
  // Text, and the part of it that lacks its brace.
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"${", "${"},
      {"${A", "${A"},
      {"x ${A-", "${A-"},
      {"${A:-\n}", "${A:-"},
      {"${NO:-${B}", "${NO:-${B}"},
      {"$${ ${A ${B}", "${A ${B}"},
      {"x\n${A\n", "${A"},
  };
  for (const auto& [text, open] : cases) {
    const auto result = interpolate(text, value_of);
    ASSERT_FALSE(result.has_value()) << text;
    EXPECT_EQ(result.error().kind, InterpolationError::Kind::Unclosed) << text;
    EXPECT_EQ(text.substr(result.error().offset, result.error().length), open);
  }
}

TEST(InterpolateError, DeepNestingEnds) {
  std::string text;
  for (int i = 0; i < 10000; ++i) text += "${X:-";
  text.append(10000, '}');
  EXPECT_FALSE(interpolate(text, value_of).has_value());
}

TEST(InterpolateUnset, OnlyBareVariablesCount) {
  std::vector<UnsetVariable> unset;
  ASSERT_TRUE(interpolate("$U1 ${U2} ${U3:-x} ${U4:+y}", value_of, &unset).has_value());
  ASSERT_EQ(unset.size(), 2U);
  EXPECT_EQ(unset[0].name, "U1");
  EXPECT_EQ(unset[1].name, "U2");
  EXPECT_EQ(unset[1].offset, 4U);
}

TEST(CollectVariables, FindsNestedOnes) {
  std::vector<VariableUse> uses;
  collect_variables("${A:-${B:?x}} $C", uses);
  ASSERT_EQ(uses.size(), 3U);
  EXPECT_EQ(uses[0].default_value, "${B:?x}");
  EXPECT_TRUE(uses[1].required);
  EXPECT_EQ(uses[2].name, "C");
}

}  // namespace
}  // namespace davit::compose
