// Golden messages: what is reported about testdata/messages/NAME.yaml must be NAME.txt (see golden.hpp).

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

/// What follows a mark in a message differs from file to file: what was found, lists, paths of cycles.
std::string up_to(const std::string& text, std::string_view mark) {
  const std::size_t at = text.find(mark);
  return at == std::string::npos ? text : text.substr(0, at + mark.size());
}

/// A message without what differs from file to file: names in quotes, numbers, and what follows certain marks.
std::string wording(const std::string& message) {
  std::string text;
  bool quoted = false;
  for (const char c : message) {
    const bool digit = c >= '0' && c <= '9';
    if (c == '\'') quoted = !quoted;
    if (!quoted && !(digit && text.ends_with('0'))) text += digit ? '0' : c;
  }
  for (const char* mark : {"found ", "must be one of ", "a value: ", "no such service: ", "cycle: ", "extends: "})
    text = up_to(text, mark);
  return text;
}

TEST(Messages, CoverAtLeast120Wordings) {
  std::set<std::string> wordings;
  for (const std::string& name : test::golden_names("messages")) {
    const LoadResult result = test::golden_case("messages", name).load();
    for (const Diagnostic& item : result.diagnostics.items()) wordings.insert(wording(item.message));
  }
  RecordProperty("wordings", static_cast<int>(wordings.size()));
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
