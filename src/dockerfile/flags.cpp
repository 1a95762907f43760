#include "dockerfile/flags.hpp"

#include <algorithm>

#include "davit/base/suggest.hpp"

namespace davit::dockerfile {
namespace {

/// Quotes and escapes of a flag are gone before its value is looked at.
std::string unquote(std::string_view text, char escape) {
  std::string out;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == escape && quote != '\'' && i + 1 < text.size()) {
      out += text[++i];
    } else if (quote == 0 && (c == '\'' || c == '"')) {
      quote = c;
    } else if (quote != 0 && c == quote) {
      quote = 0;
    } else {
      out += c;
    }
  }
  return out;
}

Slice take_quoted_word(Slice& rest, char escape) {
  const auto words = split_quoted(rest, escape);
  const Slice word = words.empty() ? Slice{rest.line, rest.end, rest.end} : words.front();
  rest.begin = word.end;
  rest = rest.trimmed();
  return word;
}

Diagnostic unknown_flag(const std::string& name, const std::string& keyword, const std::vector<FlagRule>& rules,
                        Span where) {
  auto diagnostic = Diagnostic::error("unknown-flag", keyword + " has no flag '--" + name + "'", std::move(where));
  std::vector<std::string> names;
  for (const auto& rule : rules) names.push_back("--" + rule.name);
  if (const auto best = nearest("--" + name, names))
    return std::move(diagnostic).with_hint("did you mean '" + *best + "'?");
  if (names.empty()) return std::move(diagnostic).note(keyword + " has no flags");
  return std::move(diagnostic).note("flags of " + keyword + ": " + join_names(names));
}

}  // namespace

std::optional<Word> Flags::text(const std::string& name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return std::nullopt;
  return found->second.front();
}

std::vector<Word> Flags::list(const std::string& name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::vector<Word>{} : found->second;
}

bool Flags::boolean(const std::string& name, bool otherwise) const {
  const auto value = text(name);
  return value ? value->text == "true" : otherwise;
}

Flags take_flags(Slice& rest, char escape, const std::string& keyword, const std::vector<FlagRule>& rules,
                 Diagnostics& diagnostics) {
  Flags flags;
  rest = rest.trimmed();
  while (rest.text().starts_with("--")) {
    const Slice slice = take_quoted_word(rest, escape);
    Word word{unquote(slice.text(), escape), slice.span()};
    if (word.text == "--") break;
    const std::size_t equals = word.text.find('=');
    const std::string name = word.text.substr(2, equals == std::string::npos ? equals : equals - 2);
    const auto rule = std::find_if(rules.begin(), rules.end(), [&](const FlagRule& r) { return r.name == name; });
    const auto complain = [&](std::string code, const std::string& what) {
      diagnostics.add(
          Diagnostic::error(std::move(code), "flag '--" + name + "' of " + keyword + " " + what, word.where));
    };
    if (rule == rules.end()) {
      diagnostics.add(unknown_flag(name, keyword, rules, word.where));
      continue;
    }
    std::string value = equals == std::string::npos ? std::string() : word.text.substr(equals + 1);
    if (rule->kind == FlagRule::Kind::Unsupported) {
      complain("not-supported", "is not supported yet");
    } else if (rule->kind == FlagRule::Kind::Boolean) {
      value = equals == std::string::npos ? "true" : lower(value);
      if (value != "true" && value != "false") complain("bad-flag", "takes 'true' or 'false', not '" + value + "'");
    } else if (equals == std::string::npos || value.empty()) {
      complain("bad-flag", "needs a value: '--" + name + "=…'");
    }
    auto& values = flags.values_[name];
    if (!values.empty() && rule->kind != FlagRule::Kind::List) complain("duplicate-flag", "is given twice");
    values.push_back({std::move(value), word.where});
  }
  return flags;
}

}  // namespace davit::dockerfile
