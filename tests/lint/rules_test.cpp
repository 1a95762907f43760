// What holds for every rule: its example shows it, the better file does not, it can be silenced, it has a page.
// NAME_ACCEPT=1 in the environment writes the pages in docs/lint anew.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "support.hpp"

namespace davit::lint {
namespace {

namespace fs = std::filesystem;
using test::LintTest;
using ::testing::IsEmpty;
using ::testing::Not;

std::vector<std::string> codes_with_example() {
  std::vector<std::string> codes;
  for (const Rule* rule : rules())
    if (!rule->example.empty()) codes.emplace_back(rule->code);
  return codes;
}

class EveryRule : public ::testing::TestWithParam<std::string> {
 protected:
  const Rule& rule() const { return *find_rule(GetParam()); }
};

TEST_P(EveryRule, FindsItsExample) {
  EXPECT_THAT(LintTest(std::string(rule().example)).places(GetParam()), Not(IsEmpty()));
}

TEST_P(EveryRule, FindsNothingInTheBetterFile) {
  LintTest better{std::string(rule().better)};
  if (!rule().beside.empty()) better.with(std::string(rule().beside));
  EXPECT_THAT(better.places(GetParam()), IsEmpty());
}

TEST_P(EveryRule, HasAnExampleInWhichNothingElseIsWrong) {
  for (const std::string& found : LintTest(std::string(rule().better)).with(std::string(rule().beside)).all())
    EXPECT_THAT(found, ::testing::AnyOf(::testing::HasSubstr("missing-path"), ::testing::HasSubstr("container-name"),
                                        ::testing::HasSubstr("database-without-volume")));
}

TEST_P(EveryRule, IsSilencedAtTheTopOfTheFile) {
  const LintTest test("x-davit-lint: [" + GetParam() + "]\n" + std::string(rule().example));
  EXPECT_THAT(test.places(GetParam()), IsEmpty());
  EXPECT_THAT(test.report().silenced, Not(IsEmpty()));
}

TEST_P(EveryRule, IsSilencedAtTheServiceOrResource) {
  if (GetParam() == "obsolete-version") GTEST_SKIP() << "stands in no service";
  if (GetParam() == "silence-mistake") GTEST_SKIP() << "is about the silence that is there";
  LintTest test{std::string(rule().example)};
  const compose::LoadResult loaded = test.load();
  std::string override;
  for (const char* section : {"services", "networks", "volumes", "secrets", "configs", "models"}) {
    const yaml::Node* entries = loaded.loaded->tree.find(section);
    if (entries == nullptr) continue;
    override += std::string(section) + ":\n";
    for (const yaml::Entry& entry : entries->entries)
      override += "  " + entry.key + ":\n    x-davit-lint: {" + GetParam() + ": because}\n";
  }
  test.with("silence.yaml", override);
  test.request.files = {"compose.yaml", "silence.yaml"};
  EXPECT_THAT(test.places(GetParam()), IsEmpty());
  ASSERT_THAT(test.report().silenced, Not(IsEmpty()));
  EXPECT_EQ(test.report().silenced.front().reason, "because");
}

TEST_P(EveryRule, HasCompleteTexts) {
  EXPECT_FALSE(rule().title.empty());
  EXPECT_FALSE(rule().why.empty());
  EXPECT_FALSE(rule().better.empty());
  EXPECT_FALSE(rule().fix.empty());
}

INSTANTIATE_TEST_SUITE_P(All, EveryRule, ::testing::ValuesIn(codes_with_example()), [](const auto& given) {
  std::string name = given.param;
  for (char& c : name)
    if (c == '-') c = '_';
  return name;
});

TEST(Rules, AreSortedAndFound) {
  std::string before;
  for (const Rule* rule : rules()) {
    EXPECT_LT(before, rule->code);
    EXPECT_EQ(find_rule(rule->code), rule);
    before = rule->code;
  }
  EXPECT_EQ(find_rule("nonsense"), nullptr);
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Pages, AreTheRulesOwnTexts) {
  const fs::path folder = fs::path(DAVIT_SOURCE_DIR) / "docs" / "lint";
  std::map<std::string, std::string> pages{{"README.md", rule_index()}};
  for (const Rule* rule : rules()) pages[std::string(rule->code) + ".md"] = rule_page(*rule);
  if (std::getenv("NAME_ACCEPT") != nullptr) {
    fs::create_directories(folder);
    for (const auto& [name, text] : pages) std::ofstream(folder / name, std::ios::binary) << text;
    return;
  }
  for (const auto& [name, text] : pages) EXPECT_EQ(read_file(folder / name), text) << name;
  for (const auto& item : fs::directory_iterator(folder))
    EXPECT_TRUE(pages.contains(item.path().filename().string())) << "no rule has the page " << item.path();
}

}  // namespace
}  // namespace davit::lint
