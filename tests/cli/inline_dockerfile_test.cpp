#include "cli/inline_dockerfile.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace davit::cli {
namespace {

const auto kInline = std::make_shared<const std::string>("a (dockerfile_inline)");
const auto kCompose = std::make_shared<const std::string>("compose.yaml");

std::string shown(const std::string& compose, Position value, const Diagnostic& mistake) {
  const InlineDockerfile file{*kInline, {kCompose, value, {value.line, value.column + 1}}, compose};
  return render(in_compose_file(mistake, file),
                [&](const std::string&) { return std::optional<std::string>(compose); });
}

Diagnostic mistake(Position begin, Position end) {
  return Diagnostic::error("x", "no", Span{kInline, begin, end});
}

TEST(InlineDockerfile, ALineOfABlockHasItsPlaceInTheComposeFile) {
  const std::string compose = "a:\n  build:\n    dockerfile_inline: |\n\n      FROM box\n      RUN exit 7\n";
  EXPECT_EQ(shown(compose, {3, 24}, mistake({3, 1}, {3, 4})),
            "compose.yaml:6:7: error: no\n    6 |       RUN exit 7\n      |       ^~~\n");
}

TEST(InlineDockerfile, NotesMoveToo) {
  const std::string compose = "x: |-\n FROM box\n RUN a\n";
  EXPECT_EQ(shown(compose, {1, 4}, mistake({2, 5}, {2, 6}).note("first", Span{kInline, {1, 1}, {1, 5}})),
            "compose.yaml:3:6: error: no\n    3 |  RUN a\n      |      ^\n  note: first (compose.yaml:2:2)\n");
}

TEST(InlineDockerfile, OtherFormsAreNamedAsAWhole) {
  const std::string compose = "x: \"FROM box\\nRUN a\"\n";
  EXPECT_EQ(shown(compose, {1, 4}, mistake({2, 1}, {2, 4})),
            "compose.yaml:1:4: error: no\n    1 | x: \"FROM box\\nRUN a\"\n      |    ^\n"
            "  note: in line 2 of the Dockerfile\n");
}

TEST(InlineDockerfile, AMistakeOfTheWholeFileIsAtTheValue) {
  EXPECT_EQ(shown("x: |\n  # nothing\n", {1, 4}, Diagnostic::error("x", "no", Span{kInline, {}, {}})),
            "compose.yaml:1:4: error: no\n    1 | x: |\n      |    ^\n");
}

TEST(InlineDockerfile, OtherFilesStayWhereTheyAre) {
  const auto other = std::make_shared<const std::string>(".dockerignore");
  EXPECT_EQ(shown("x: |\n  FROM a\n", {1, 4}, Diagnostic::error("x", "no", Span{other, {1, 1}, {1, 2}})).substr(0, 17),
            ".dockerignore:1:1");
}

}  // namespace
}  // namespace davit::cli
