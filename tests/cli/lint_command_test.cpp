#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "run_davit.hpp"
#include "support/temp_dir.hpp"

namespace davit::cli {
namespace {

using test::Output;
using test::run_davit;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class LintCommand : public ::testing::Test {
 protected:
  Output lint(const std::string& yaml, std::vector<std::string> words) {
    const std::string file = folder_.path() / "compose.yaml";
    std::ofstream(file) << yaml;
    words.insert(words.begin(), {"-f", file, "lint"});
    return run_davit(words);
  }
  davit::test::TempDir folder_;
};

constexpr const char* kUnpinned = "services: {a: {image: busybox, container_name: app}}\n";

TEST_F(LintCommand, ExitsWithOneWhenItFindsSomethingAtTheLevel) {
  EXPECT_EQ(lint(kUnpinned, {}).code, 1);
  EXPECT_EQ(lint(kUnpinned, {"--level", "error"}).code, 0);
  EXPECT_EQ(lint(kUnpinned, {"--ignore", "image-not-pinned"}).code, 0);
  EXPECT_EQ(lint(kUnpinned, {"--ignore", "image-not-pinned", "--level", "note"}).code, 1);
}

TEST_F(LintCommand, SaysHowManyFindingsTheLevelHides) {
  EXPECT_THAT(lint(kUnpinned, {}).out,
              HasSubstr("1 finding: 1 warning; 1 finding below the level (--level note shows all)\n"));
  EXPECT_THAT(lint(kUnpinned, {"--level", "note"}).out, HasSubstr("2 findings: 1 warning, 1 note\n"));
}

TEST_F(LintCommand, ExitsWithTwoWhenTheFilesHaveMistakes) {
  const Output got = lint("services: {a: {imag: x}}\n", {});
  EXPECT_EQ(got.code, 2);
  EXPECT_EQ(got.out, "");
  EXPECT_THAT(got.err, HasSubstr("unknown attribute 'imag'"));
}

TEST_F(LintCommand, MistakesAreResultsForPrograms) {
  for (const std::string format : {"json", "sarif"}) {
    const Output got = lint("version: '3'\nservices: {a: {imag: x}}\n", {"--format", format, "--level", "error"});
    EXPECT_EQ(got.code, 2);
    EXPECT_EQ(got.err, "");
    EXPECT_THAT(got.out, HasSubstr("unknown attribute 'imag'"));
    EXPECT_THAT(got.out, HasSubstr("obsolete"));
    EXPECT_THAT(got.out, HasSubstr(format == "json" ? R"("line":2)" : R"("startLine":2)"));
    EXPECT_THAT(got.out, HasSubstr(format == "json" ? R"("severity":"error")" : R"("level":"error")"));
  }
}

TEST_F(LintCommand, PrintsJsonAndSarif) {
  EXPECT_THAT(lint(kUnpinned, {"--format", "json"}).out, StartsWith(R"([{"code":"image-not-pinned")"));
  EXPECT_THAT(lint(kUnpinned, {"--format", "sarif"}).out, HasSubstr(R"("version":"2.1.0")"));
  EXPECT_EQ(lint("services: {a: {image: 'x:1'}}\n", {"--format", "json"}).out, "[]\n");
}

TEST_F(LintCommand, RefusesUnknownLevelsFormatsAndRules) {
  EXPECT_THAT(lint(kUnpinned, {"--level", "fatal"}).err, HasSubstr("unknown level 'fatal'"));
  EXPECT_THAT(lint(kUnpinned, {"--format", "xml"}).err, HasSubstr("unknown format 'xml'"));
  const Output got = lint(kUnpinned, {"--ignore", "image-not-pined"});
  EXPECT_EQ(got.code, 1);
  EXPECT_EQ(got.err, "error: unknown rule 'image-not-pined'\n  hint: did you mean 'image-not-pinned'?\n");
}

TEST(LintRules, AreListedAndExplained) {
  EXPECT_THAT(run_davit({"lint", "--list"}).out, HasSubstr("image-not-pinned"));
  EXPECT_THAT(run_davit({"lint", "--explain", "image-not-pinned"}).out, StartsWith("# image-not-pinned\n"));
  EXPECT_EQ(run_davit({"lint", "--explain", "nonsense"}).code, 1);
}

}  // namespace
}  // namespace davit::cli
