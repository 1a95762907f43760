#include "davit/dockerfile/checks.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "davit/base/suggest.hpp"

namespace davit::dockerfile {
namespace {

/// BuildKit's rules, and the code of the warning that davit gives for each; "" where it gives none.
constexpr std::array<std::pair<std::string_view, std::string_view>, 22> kRules{{
    {"ConsistentInstructionCasing", ""},
    {"CopyIgnoredFile", ""},
    {"DuplicateStageName", "duplicate-stage-name"},
    {"ExposeInvalidFormat", ""},
    {"ExposeProtoCasing", ""},
    {"FromAsCasing", ""},
    {"FromPlatformFlagConstDisallowed", ""},
    {"InvalidBaseImagePlatform", ""},
    {"InvalidDefaultArgInFrom", ""},
    {"InvalidDefinitionDescription", ""},
    {"JSONArgsRecommended", ""},
    {"LegacyKeyValueFormat", ""},
    {"MaintainerDeprecated", "maintainer-deprecated"},
    {"MultipleInstructionsDisallowed", ""},
    {"NoEmptyContinuation", "empty-continuation"},
    {"RedundantTargetPlatform", ""},
    {"ReservedStageName", ""},
    {"SecretsUsedInArgOrEnv", ""},
    {"StageNameCasing", ""},
    {"UndefinedArgInFrom", "undefined-variable-in-from"},
    {"UndefinedVar", "undefined-variable"},
    {"WorkdirRelativePath", ""},
}};

std::string_view rule_of(const std::string& code) {
  for (const auto& [rule, warning] : kRules)
    if (!warning.empty() && warning == code) return rule;
  return {};
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(separator, at), text.size());
    out.emplace_back(trimmed(text.substr(at, end - at)));
    at = end + 1;
  }
  return out;
}

std::vector<std::string> names_of(bool (*wanted)(std::string_view warning)) {
  std::vector<std::string> out;
  for (const auto& [rule, warning] : kRules)
    if (wanted(warning)) out.emplace_back(rule);
  return out;
}

/// Go's strconv.ParseBool.
std::optional<bool> truth_of(const std::string& text) {
  for (const char* yes : {"1", "t", "T", "true", "TRUE", "True"})
    if (text == yes) return true;
  for (const char* no : {"0", "f", "F", "false", "FALSE", "False"})
    if (text == no) return false;
  return std::nullopt;
}

Diagnostic bad_option(std::string message, const std::optional<Span>& where) {
  return Diagnostic::error("bad-check", std::move(message), where)
      .with_hint("such as 'skip=DuplicateStageName,UndefinedVar;error=true', or 'skip=all'");
}

void note_unknown_rules(const Checks& checks, std::vector<Diagnostic>& out) {
  const auto known = names_of([](std::string_view) { return true; });
  for (const std::string& name : checks.skipped) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    auto note =
        Diagnostic::warning("unknown-check", "'" + name + "' is not a rule: nothing is skipped by it", checks.where);
    if (const auto best = nearest(name, known)) note.with_hint("did you mean '" + *best + "'?");
    out.push_back(std::move(note));
  }
}

void note_unchecked_rules(const Checks& checks, std::vector<Diagnostic>& out) {
  if (!checks.warnings_are_errors || checks.skip_all) return;
  const auto checked = names_of([](std::string_view warning) { return !warning.empty(); });
  Diagnostic note{.severity = Severity::Note,
                  .code = "few-checks",
                  .message = "'error=true' covers the rules davit checks: " + join_names(checked),
                  .where = checks.where,
                  .notes = {},
                  .hint = {}};
  out.push_back(std::move(note));
}

}  // namespace

Result<Checks, Diagnostic> parse_checks(std::string_view text, const std::optional<Span>& where) {
  Checks checks;
  checks.where = where;
  for (const std::string& option : split(text, ';')) {
    const std::size_t equals = std::min(option.find('='), option.size());
    const std::string key(trimmed(std::string_view(option).substr(0, equals)));
    const std::string value(equals < option.size() ? trimmed(std::string_view(option).substr(equals + 1)) : "");
    if (equals == option.size() || (key != "skip" && key != "error" && key != "experimental"))
      return bad_option("invalid check option '" + key + "'; it can be 'skip', 'error' or 'experimental'", where);
    if (key == "error") {
      const auto truth = truth_of(value);
      if (!truth) return bad_option("check option 'error' is '" + value + "'; it can be 'true' or 'false'", where);
      checks.warnings_are_errors = *truth;
    } else if (key == "skip") {
      checks.skip_all = value == "all";
      if (!checks.skip_all) checks.skipped = split(value, ',');
    }
  }
  return checks;
}

void apply_checks(const Checks& checks, std::vector<Diagnostic>& warnings) {
  const auto is_skipped = [&checks](const Diagnostic& warning) {
    const std::string_view rule = rule_of(warning.code);
    if (rule.empty()) return false;
    return checks.skip_all || std::find(checks.skipped.begin(), checks.skipped.end(), rule) != checks.skipped.end();
  };
  std::erase_if(warnings, is_skipped);
  if (checks.warnings_are_errors) {
    for (Diagnostic& warning : warnings) {
      const std::string_view rule = rule_of(warning.code);
      if (rule.empty()) continue;
      warning.severity = Severity::Error;
      warning.note("an error by 'check=error=true'; the rule is " + std::string(rule), checks.where);
    }
  }
  note_unknown_rules(checks, warnings);
  note_unchecked_rules(checks, warnings);
}

}  // namespace davit::dockerfile
