// What is said about texts that are no YAML. The messages with their excerpts are golden files of tests/compose.

#include <gtest/gtest.h>

#include <algorithm>

#include "davit/yaml/parse.hpp"

namespace davit::yaml {
namespace {

/// Place, message without "invalid YAML: ", and hint of the one error of a text.
std::string found(const std::string& text) {
  const Parsed parsed = parse(text, std::make_shared<const std::string>("f"));
  if (parsed.diagnostics.items().size() != 1 || parsed.complete) return "no single syntax error";
  const Diagnostic& item = parsed.diagnostics.items().front();
  return item.where->to_string().substr(2) + " " + item.message.substr(14) + " | " + item.hint.value_or("");
}

TEST(SyntaxError, AMissingColonIsFoundInTheLineAbove) {
  EXPECT_EQ(found("services:\n  web\n    image: x\n"), "2:3 a ':' is missing behind 'web' | write 'web:'");
  EXPECT_EQ(found("a:\n  restart\n\n  # more\n  ports: [80]\n"),
            "2:3 a ':' is missing behind 'restart' | write 'restart:'");
  EXPECT_EQ(found("a:\n  image:nginx\n  ports: [80]\n"),
            "2:8 a blank is missing behind the ':' of 'image:nginx' | write 'image: nginx'");
}

TEST(SyntaxError, ASecondColonNeedsQuotes) {
  EXPECT_EQ(found("command: echo a: b\n"),
            "1:16 a second ': ' in one line, which a value without quotes may not have | "
            "put the value in quotes: \"echo a: b\"");
  EXPECT_EQ(found("command: echo \"a\": b\n"),
            "1:18 a second ': ' in one line, which a value without quotes may not have | put the value in quotes");
}

TEST(SyntaxError, IndentationThatFitsNothing) {
  EXPECT_EQ(found("a:\n  b:\n      c: x\n    d: y\n"),
            "4:5 an indentation of 4 blanks, which no line above has | "
            "indent it by 6, 2 or 0 blanks, as the lines above it");
  EXPECT_EQ(found("a:\n  - b: 1\n   c: 2\n"),
            "3:4 an indentation of 3 blanks, which no line above has | "
            "indent it by 4, 2 or 0 blanks, as the lines above it");
  EXPECT_EQ(found("a: x\n  b: y\n"),
            "2:3 'b' is indented deeper than the line above, and so it goes on with the value of that line | "
            "indent both lines alike, or take the value of the line above away");
}

TEST(SyntaxError, ItemsAndKeysInTheWrongPlace) {
  EXPECT_EQ(found("a:\n  - \"1\"\n    - \"2\"\n"),
            "3:5 this item is indented deeper than the items above | indent it by 2 blanks");
  EXPECT_EQ(found("a:\n    - \"1\"\n  - \"2\"\n"),
            "3:3 this item is indented less than the items above | indent it by 4 blanks");
  EXPECT_EQ(found("a:\n  b: x\n  - y\n"),
            "3:3 an item of a list among the keys of a mapping | "
            "indent it below the key of its list, or write 'key: value'");
  EXPECT_EQ(found("a:\n  - \"1\"\n  b: x\n"),
            "3:3 a key among the items of a list | begin it with '- ', or indent it as the keys around the list");
  EXPECT_EQ(found("a: - 1\n"),
            "1:4 a list may not start behind its key | "
            "put each '- ' on a line of its own below the key, or write [a, b]");
}

TEST(SyntaxError, Brackets) {
  const std::string never =
      " that is never closed | close it with ']'; a value that starts with '[' and is meant as "
      "text needs quotes";
  EXPECT_EQ(found("a: [x, y\nb: z\n"), "1:4 a '['" + never);
  EXPECT_EQ(found("a: [x\n"), "1:4 a '['" + never);
  EXPECT_EQ(found("a: '['\nb: x[1]\nc: [x, # ]\n"), "3:4 a '['" + never);
  EXPECT_EQ(found("a: [x}\n"), "1:6 '}' where ']' is needed | ");
  EXPECT_EQ(found("a: ]\n"), "1:4 ']' closes nothing | remove it, or put the value in quotes");
  const std::string missing =
      " a ',' or ']' is missing before this | put values with ': ', quotes or brackets in quotes";
  EXPECT_EQ(found("a: [\"x\" y]\n"), "1:9" + missing);
  EXPECT_EQ(found("a: [\n  \"x\"\n  y,\n]\n"), "3:3" + missing);
}

TEST(SyntaxError, Quotes) {
  EXPECT_EQ(found("a: 'x\n"), "1:4 a quote that is never closed | close it behind its value");
  EXPECT_EQ(found("a: \"x\nb: [\"80\"]\n"), "1:4 a quote that is not closed in its line | close it behind its value");
  EXPECT_EQ(found("a: \"x\" y\n"), "1:8 text behind a value in quotes | put the quotes around all of the value");
  EXPECT_EQ(found("a: \"\\d\"\n"),
            "1:5 '\\d' means nothing in double quotes | write '\\\\d', or put the value in single quotes");
}

TEST(SyntaxError, CharactersThatStartNoValue) {
  EXPECT_EQ(found("a: @x\n"), "1:4 a value may not start with '@' | put the value in quotes: \"@x\"");
  EXPECT_EQ(found("a: `x`\n"), "1:4 a value may not start with '`' | put the value in quotes: \"`x`\"");
  EXPECT_EQ(found("a: *.txt\n"),
            "1:4 no value before this has the anchor of the alias '*.txt' | "
            "put '&.txt' before the value that is meant; a '*' that is text needs quotes");
  EXPECT_EQ(found("a:\n\tb: x\n"), "2:1 a tab in the indentation | indent with blanks, YAML does not allow tabs");
}

/// Whatever is broken, there is a message, and its place is in the text.
TEST(SyntaxError, HasAPlaceInTheText) {
  const std::string good = "a:\n  b: \"x\\n\" # c\n  - [1, {k: 'v'}]\nd: &e |\n  t\nf: *e\n\"g\": >-\n\n  h: i\n";
  for (std::size_t i = 0; i <= good.size(); ++i)
    for (const char* put :
         {"", "\t", "\n", ": ", "- ", "[", "]", "{", "}", "\"", "'", "@", "*", "&", "|", "\\", ",", "%", "---\n"})
      for (std::size_t gone = 0; gone < 3 && i + gone <= good.size(); ++gone) {
        const std::string text = good.substr(0, i) + put + good.substr(i + gone);
        const Parsed parsed = parse(text, std::make_shared<const std::string>("f"));
        const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
        for (const Diagnostic& item : parsed.diagnostics.items()) {
          ASSERT_TRUE(item.where.has_value()) << text;
          ASSERT_LE(item.where->begin.line, lines) << item.message << "\n" << text;
          ASSERT_GE(item.where->begin.column, 1U) << item.message << "\n" << text;
          ASSERT_LE(item.where->begin, item.where->end) << item.message << "\n" << text;
        }
      }
}

}  // namespace
}  // namespace davit::yaml
