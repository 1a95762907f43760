#include "davit/dockerfile/checks.hpp"

#include <gtest/gtest.h>

#include "davit/dockerfile/parser.hpp"

namespace davit::dockerfile {
namespace {

using Strings = std::vector<std::string>;

Checks checks_of(const std::string& text) {
  return parse_checks(text, {}).value();
}
std::string mistake_in(const std::string& text) {
  const auto checks = parse_checks(text, {});
  return checks ? "none" : checks.error().message;
}

std::vector<Diagnostic> some_warnings() {
  return {Diagnostic::warning("duplicate-stage-name", "1"), Diagnostic::warning("undefined-variable", "2"),
          Diagnostic::warning("unused-build-arg", "3")};
}

Strings messages(const std::vector<Diagnostic>& diagnostics) {
  Strings out;
  for (const auto& d : diagnostics) out.push_back(d.message);
  return out;
}

TEST(Checks, AreReadAsBuildKitReadsThem) {
  EXPECT_TRUE(checks_of("skip=all").skip_all);
  EXPECT_EQ(checks_of("skip=A, B").skipped, (Strings{"A", "B"}));
  EXPECT_TRUE(checks_of("skip=A;error=true").warnings_are_errors);
  EXPECT_FALSE(checks_of("error=0").warnings_are_errors);
  EXPECT_EQ(checks_of("experimental=all"), Checks{});
  EXPECT_EQ(mistake_in("bar=1"), "invalid check option 'bar'; it can be 'skip', 'error' or 'experimental'");
  EXPECT_EQ(mistake_in("skip"), "invalid check option 'skip'; it can be 'skip', 'error' or 'experimental'");
  EXPECT_EQ(mistake_in("error=maybe"), "check option 'error' is 'maybe'; it can be 'true' or 'false'");
}

TEST(Checks, SkipOnlyWhatIsARule) {
  auto warnings = some_warnings();
  apply_checks(checks_of("skip=DuplicateStageName"), warnings);
  EXPECT_EQ(messages(warnings), (Strings{"2", "3"}));
  apply_checks(checks_of("skip=all"), warnings);
  EXPECT_EQ(messages(warnings), Strings{"3"}) << "not one of BuildKit's";
  apply_checks(checks_of("skip=UndefinedVra"), warnings);
  ASSERT_EQ(warnings.size(), 2U);
  EXPECT_EQ(warnings[1].hint, "did you mean 'UndefinedVar'?");
}

TEST(Checks, ErrorMakesTheOthersErrors) {
  auto warnings = some_warnings();
  apply_checks(checks_of("skip=UndefinedVar;error=true"), warnings);
  ASSERT_EQ(warnings.size(), 3U);
  EXPECT_EQ(warnings[0].severity, Severity::Error);
  EXPECT_EQ(warnings[1].severity, Severity::Warning);
  EXPECT_EQ(warnings[2].severity, Severity::Note) << "it says that not all rules are checked";
}

TEST(Checks, ComeFromTheDirective) {
  EXPECT_TRUE(parse("# syntax=docker/dockerfile:1\n# check=skip=all\nFROM a\n", "Dockerfile")->checks.skip_all);
  const auto bad = parse("# check=skip=all;x=1\nFROM a\n", "Dockerfile");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().items().front().where->begin, (Position{1, 9}));
}

}  // namespace
}  // namespace davit::dockerfile
