// Golden messages: what is reported about testdata/messages/NAME.yaml must be NAME.txt (see golden.hpp).

#include <regex>
#include <set>

#include "golden.hpp"

namespace davit::compose {
namespace {

class GoldenMessages : public ::testing::TestWithParam<std::string> {};

TEST_P(GoldenMessages, AreAsReviewed) {
  const std::string found = test::golden_case("messages", GetParam()).messages();
  test::expect_golden("messages", GetParam(), found);
  EXPECT_FALSE(found.empty()) << "a case must report something";
}

INSTANTIATE_TEST_SUITE_P(All, GoldenMessages, ::testing::ValuesIn(test::golden_names("messages")),
                         [](const auto& given) { return given.param; });

/// A message without what differs from file to file: names, numbers, what was found, lists, paths of cycles.
std::string wording(const std::string& message) {
  static const std::vector<std::pair<std::regex, std::string>> kParts{
      {std::regex("'[^']*'"), "_"},
      {std::regex("[0-9]+"), "0"},
      {std::regex("found .*"), "found _"}, {std::regex("must be one of .*"), "must be one of _"},
      {std::regex("a value: .*"), "a value: _"}, {std::regex(": .* -> .*"), ": _"},
      {std::regex("no such service: .*"), "no such service: _"}};
  std::string text = message;
  for (const auto& [part, blank] : kParts) text = std::regex_replace(text, part, blank);
  return text;
}

TEST(Messages, CoverAtLeast120Wordings) {
  std::set<std::string> wordings;
  for (const std::string& name : test::golden_names("messages"))
    for (const Diagnostic& item : test::golden_case("messages", name).load().diagnostics.items())
      wordings.insert(wording(item.message));
  EXPECT_GE(wordings.size(), 120U);
}

/// The kinds of help that messages give, each at least in this many cases.
TEST(Messages, CoverAllKindsOfHelp) {
  std::string all;
  for (const std::string& name : test::golden_names("messages"))
    all += test::read_file(test::golden_folder("messages") / (name + ".txt"));
  const auto times = [&](const std::string& text) {
    std::size_t count = 0;
    for (std::size_t at = all.find(text); at != std::string::npos; at = all.find(text, at + 1)) ++count;
    return count;
  };
  EXPECT_GE(times("did you mean '"), 20U) << "the nearest valid name";
  EXPECT_GE(times("  note: allowed are "), 5U) << "what is allowed";
  EXPECT_GE(times("  hint: write "), 20U) << "an example";
  EXPECT_GE(times("the other is here (") + times("first here (") + times("set here before ("), 10U)
      << "the second place of a conflict";
  EXPECT_GE(times("extends here (") + times(" depends on ") + times("' includes '"), 5U) << "the edges of cycles";
}

TEST(Messages, ComeInTheOrderOfTheFile) {
  const LoadResult result = test::golden_case("messages", "many_mistakes").load();
  Position last;
  ASSERT_GE(result.diagnostics.items().size(), 5U);
  for (const Diagnostic& item : result.diagnostics.items()) {
    ASSERT_TRUE(item.where.has_value());
    EXPECT_LE(last, item.where->begin);
    last = item.where->begin;
  }
}

/// The mark stands under the expression, not under the whole value.
TEST(Messages, OfInterpolationPointIntoTheString) {
  const LoadResult result = test::LoadTest("services:\n  web:\n    image: repo/app:${TAG:x}-slim\n").load();
  ASSERT_EQ(result.diagnostics.items().size(), 1U);
  EXPECT_EQ(result.diagnostics.items()[0].where->begin, (Position{3, 21}));
  EXPECT_EQ(result.diagnostics.items()[0].where->end, (Position{3, 29}));
}

}  // namespace
}  // namespace davit::compose
