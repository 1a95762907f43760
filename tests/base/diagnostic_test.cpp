#include "davit/base/diagnostic.hpp"

#include <gtest/gtest.h>

namespace davit {
namespace {

Span at(std::uint32_t line, std::uint32_t column, std::uint32_t length) {
  return {std::make_shared<const std::string>("compose.yaml"), {line, column}, {line, column + length}};
}

std::optional<std::string> source(const std::string&) {
  return "services:\n  api:\n    - databse\n";
}

TEST(DiagnosticRender, PointsIntoTheLineAndAddsNotesAndHint) {
  const auto d =
      Diagnostic::error("unknown-dependency", "service 'api' depends on unknown service 'databse'", at(3, 7, 7))
          .note("services in this project: api, database")
          .with_hint("did you mean 'database'?");
  EXPECT_EQ(render(d, source),
            "compose.yaml:3:7: error: service 'api' depends on unknown service 'databse'\n"
            "    3 |     - databse\n"
            "      |       ^~~~~~~\n"
            "  note: services in this project: api, database\n"
            "  hint: did you mean 'database'?\n");
}

TEST(DiagnosticRender, LeavesTheExcerptOutWhenTheSourceIsGone) {
  const auto d = Diagnostic::warning("w", "obsolete", at(1, 1, 1));
  EXPECT_EQ(render(d, [](const std::string&) { return std::nullopt; }), "compose.yaml:1:1: warning: obsolete\n");
}

TEST(DiagnosticRender, CountsColumnsNotBytesForTheCaret) {
  const auto d = Diagnostic::error("e", "m", at(1, 5, 1));  // after a two-byte letter
  EXPECT_EQ(render(d, [](const std::string&) { return std::string("a\xC3\xA4: x"); }),
            "compose.yaml:1:5: error: m\n"
            "    1 | a\xC3\xA4: x\n"
            "      |    ^\n");
}

TEST(DiagnosticRender, KeepsControlCharactersBrokenBytesAndLongTextsFromTheTerminal) {
  const SourceLookup source = [](const std::string&) { return "a\xFF\x1B[2Jb\n"; };
  const std::string long_text(100'000, 'x');
  EXPECT_EQ(
      render(Diagnostic::error("a", "no '\x1B[2J\xC3'", at(1, 2, 3)).note("a\nb\rc").with_hint("\xC3\xA4"), source),
      "compose.yaml:1:2: error: no ' [2J?'\n"
      "    1 | a? [2Jb\n"
      "      |  ^~~\n"
      "  note: a\nb c\n"
      "  hint: \xC3\xA4\n");
  EXPECT_LT(render(Diagnostic::error("a", long_text).note(long_text), {}).size(), 5000U);
  EXPECT_TRUE(render(Diagnostic::error("a", long_text), {}).ends_with("x…\n"));
}

TEST(DiagnosticRender, KeepsControlCharactersOfTwoBytesFromTheTerminal) {
  const SourceLookup source = [](const std::string&) { return "a\xC2\x9B[2Jb\xC2\xA0\n"; };
  EXPECT_EQ(render(Diagnostic::error("a", "\xC2\x80\xC2\x9F", at(1, 2, 4)), source),
            "compose.yaml:1:2: error:     \n"
            "    1 | a  [2Jb\xC2\xA0\n"
            "      |  ^~~~\n");
}

TEST(DiagnosticRender, ShowsALineOfBrokenBytes) {
  const std::string line(300, '\xB3');
  const SourceLookup source = [&](const std::string&) { return line; };
  const std::string text = render(Diagnostic::error("a", line, at(1, 200, 1)), source);
  EXPECT_EQ(text.find('\xB3'), std::string::npos);
  EXPECT_NE(text.find("    1 | ????"), std::string::npos);
}

TEST(Diagnostics, SortsByFileThenPositionAndDropsRepeats) {
  Diagnostics all;
  all.add(Diagnostic::error("b", "second", at(2, 1, 1)));
  all.add(Diagnostic::error("c", "no place"));
  all.add(Diagnostic::error("a", "first", at(1, 1, 1)));
  all.add(Diagnostic::error("a", "first", at(1, 1, 1)));
  all.sort_and_unique();
  ASSERT_EQ(all.items().size(), 3U);
  EXPECT_EQ(all.items()[0].message, "first");
  EXPECT_EQ(all.items()[1].message, "second");
  EXPECT_EQ(all.items()[2].message, "no place");
}

}  // namespace
}  // namespace davit
