#pragma once
// What the linter knows: each rule is data that says what it finds, why that hurts, and what to write instead.

#include <span>
#include <string>
#include <string_view>

#include "davit/base/diagnostic.hpp"

namespace davit::lint {

/// A rule. Its page in docs/lint, `--explain` and the tests are made of these texts.
struct Rule {
  std::string_view code;  ///< stable, lower case with '-'; what `x-davit-lint` and `--ignore` name
  Severity severity = Severity::Warning;
  std::string_view title;    ///< one line, for lists
  std::string_view why;      ///< paragraphs: what happens, when, to whom
  std::string_view example;  ///< a Compose file in which the rule finds something
  std::string_view better;   ///< the same file, as it should be
  std::string_view fix;      ///< paragraphs: what to do, and when silencing is right
  /// A file that stands beside `better`, where the rule looks at files; empty otherwise.
  std::string_view beside = {};
};

/// All rules, by code.
[[nodiscard]] std::span<const Rule* const> rules();

/// Null for an unknown code.
[[nodiscard]] const Rule* find_rule(std::string_view code);

/// The page of a rule in Markdown: why, the example with what davit prints for it, the better file, how to silence.
[[nodiscard]] std::string rule_page(const Rule& rule);

/// The page that lists all rules, in Markdown.
[[nodiscard]] std::string rule_index();

/// "note", "warning" or "error".
[[nodiscard]] std::string_view to_string(Severity severity);

}  // namespace davit::lint
