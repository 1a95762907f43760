#include "interpolation.hpp"

#include <utility>

#include "limits.hpp"

namespace davit::compose {
namespace {

bool starts_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool continues_name(char c) {
  return starts_name(c) || (c >= '0' && c <= '9');
}

std::size_t name_end(std::string_view text, std::size_t at) {
  while (at < text.size() && continues_name(text[at])) ++at;
  return at;
}

/// One `$…` of a text.
struct Expression {
  enum class Kind { Literal, Escape, Variable, Invalid } kind = Kind::Literal;
  std::size_t end = 0;  ///< offset behind it
  std::string_view name;
  char op = 0;         ///< '-', '?', '+', or 0
  bool colon = false;  ///< an empty value counts as unset
  std::string_view operand;
  std::size_t operand_at = 0;
};

/// The `}` on the line at `at` that closes the first `{`, docker compose's way: the byte behind each `{` is not looked
/// at. The last one of the line when none does. Looks no further than it must: a line may hold a million expressions.
std::optional<std::size_t> closing_brace(std::string_view text, std::size_t at) {
  std::size_t open = 0;
  std::optional<std::size_t> last;
  bool skip = false;
  for (std::size_t i = at; i < text.size() && text[i] != '\n'; ++i) {
    if (text[i] == '}') last = i;
    if (std::exchange(skip, false)) continue;
    if (text[i] == '}' && open > 0 && --open == 0) return i;
    if (text[i] == '{') {
      ++open;
      skip = true;
    }
  }
  return last;
}

Expression braced(std::string_view text, std::size_t at) {
  Expression found;
  found.kind = Expression::Kind::Invalid;
  // Up to the next brace, or to the end of the line.
  const std::size_t stop = text.find_first_of("}\n", at);
  found.end = stop == std::string_view::npos ? text.size() : text[stop] == '}' ? stop + 1 : stop;
  const std::size_t name_at = at + 2;
  if (name_at >= text.size() || !starts_name(text[name_at])) return found;
  std::size_t i = name_end(text, name_at);
  found.name = text.substr(name_at, i - name_at);
  if (i < text.size() && text[i] == '}') {
    found.kind = Expression::Kind::Variable;
    found.end = i + 1;
    return found;
  }
  if (i < text.size() && text[i] == ':') {
    found.colon = true;
    ++i;
  }
  if (i >= text.size() || (text[i] != '-' && text[i] != '?' && text[i] != '+')) return found;
  // An expression ends on the line where it starts.
  const auto closing = closing_brace(text, at);
  if (!closing || *closing <= i) return found;
  const std::size_t close = *closing;
  found.kind = Expression::Kind::Variable;
  found.op = text[i];
  found.operand_at = i + 1;
  found.operand = text.substr(i + 1, close - i - 1);
  found.end = close + 1;
  return found;
}

Expression expression_at(std::string_view text, std::size_t at) {
  Expression found;
  found.end = at + 1;
  if (at + 1 >= text.size()) return found;
  const char next = text[at + 1];
  if (next == '$') {
    found.kind = Expression::Kind::Escape;
    found.end = at + 2;
  } else if (starts_name(next)) {
    found.kind = Expression::Kind::Variable;
    found.end = name_end(text, at + 1);
    found.name = text.substr(at + 1, found.end - at - 1);
  } else if (next == '{') {
    return braced(text, at);
  }
  return found;
}

class Interpolator {
 public:
  Interpolator(const Lookup& lookup, std::vector<UnsetVariable>* unset, std::vector<ReplacedVariable>* replaced)
      : lookup_(lookup), unset_(unset), replaced_(replaced) {}

  /// Appends to `out`; false when error() is set. `base` is the offset of `text` in the whole.
  bool run(std::string_view text, std::size_t base, std::size_t depth, std::string& out) {
    for (std::size_t i = 0; i < text.size();) {
      const std::size_t dollar = std::min(text.find('$', i), text.size());
      out.append(text, i, dollar - i);
      if (dollar == text.size()) break;
      const Expression found = expression_at(text, dollar);
      i = found.end;
      if (found.kind == Expression::Kind::Literal || found.kind == Expression::Kind::Escape) out += '$';
      if (found.kind == Expression::Kind::Variable && depth < kDeepestVariables) {
        if (!variable(found, base + dollar, base, depth, out)) return false;
      } else if (found.kind == Expression::Kind::Variable || found.kind == Expression::Kind::Invalid) {
        error_ = {InterpolationError::Kind::Invalid, base + dollar, found.end - dollar, std::string(found.name), {}};
        return false;
      }
    }
    return true;
  }

  [[nodiscard]] InterpolationError take_error() { return std::move(error_); }

 private:
  bool variable(const Expression& found, std::size_t at, std::size_t base, std::size_t depth, std::string& out) {
    const std::optional<std::string> value = lookup_(found.name);
    const bool present = value && !(found.colon && value->empty());
    // Counted when it is looked up: that costs time, even where the value itself is not wanted.
    if (value && (looked_up_ += value->size()) > kMostText) {
      error_ = {InterpolationError::Kind::TooLong, at, base + found.end - at, std::string(found.name), {}};
      return false;
    }
    if (replaced_ == nullptr) return replace(found, value, present, at, base, depth, out);
    const std::size_t index = replaced_->size();
    replaced_->push_back({outcome(found, present, value.has_value()), std::string(found.name), {out.size(), {}}});
    const bool ok = replace(found, value, present, at, base, depth, out);
    (*replaced_)[index].part.to = out.size();
    return ok;
  }

  bool replace(const Expression& found, const std::optional<std::string>& value, bool present, std::size_t at,
               std::size_t base, std::size_t depth, std::string& out) {
    const std::size_t length = base + found.end - at;
    if (found.op == 0) {
      if (!value && unset_ != nullptr && unset_->size() < kMostVariables)
        unset_->push_back({std::string(found.name), at, length});
      out += value.value_or("");
      return true;
    }
    if (present == (found.op == '+')) {
      if (found.op != '?') return run(found.operand, base + found.operand_at, depth + 1, out);
      std::string reason;
      if (!run(found.operand, base + found.operand_at, depth + 1, reason)) return false;
      error_ = {InterpolationError::Kind::Required, at, length, std::string(found.name), std::move(reason)};
      return false;
    }
    out += value.value_or("");
    return true;
  }

  static ReplacedVariable::By outcome(const Expression& found, bool present, bool set) {
    using By = ReplacedVariable::By;
    if (found.op == '-' && !present) return By::Default;
    return set ? By::Value : By::Nothing;
  }

  const Lookup& lookup_;
  std::vector<UnsetVariable>* unset_;
  std::vector<ReplacedVariable>* replaced_;
  std::size_t looked_up_ = 0;  ///< bytes of values
  InterpolationError error_;
};

/// The `${` in the line of an error, at it or around it, that no `}` closes.
std::optional<std::size_t> unclosed(std::string_view text, const InterpolationError& error) {
  std::vector<std::size_t> open;
  const std::size_t line = error.offset == 0 ? 0 : text.rfind('\n', error.offset - 1) + 1;
  for (std::size_t i = line; i < text.size() && text[i] != '\n'; ++i) {
    if (text.substr(i, 2) == "$$")
      ++i;
    else if (text.substr(i, 2) == "${")
      open.push_back(i);
    else if (text[i] == '}' && !open.empty())
      open.pop_back();
  }
  return open.empty() || open.front() > error.offset ? std::nullopt : std::optional(open.front());
}

}  // namespace

Result<std::string, InterpolationError> interpolate(std::string_view text, const Lookup& lookup,
                                                    std::vector<UnsetVariable>* unset,
                                                    std::vector<ReplacedVariable>* replaced) {
  std::string out;
  out.reserve(text.size());
  Interpolator interpolator(lookup, unset, replaced);
  if (interpolator.run(text, 0, 0, out)) return out;
  InterpolationError error = interpolator.take_error();
  if (const auto open = unclosed(text, error); error.kind == InterpolationError::Kind::Invalid && open) {
    error.kind = InterpolationError::Kind::Unclosed;
    error.offset = *open;
    error.length = std::min(text.find('\n', *open), text.size()) - *open;
  }
  return error;
}

namespace {

void collect(std::string_view text, std::size_t depth, std::vector<VariableUse>& uses) {
  for (std::size_t i = text.find('$'); i != std::string_view::npos && i < text.size(); i = text.find('$', i)) {
    const Expression found = expression_at(text, i);
    i = found.end;
    if (found.kind != Expression::Kind::Variable) continue;
    if (uses.size() >= kMostVariables) return;
    VariableUse use;
    use.name = found.name;
    use.required = found.op == '?';
    if (found.op == '-') use.default_value = found.operand;
    if (found.op == '+') use.alternative = found.operand;
    uses.push_back(std::move(use));
    if (found.op != 0 && depth < kDeepestVariables) collect(found.operand, depth + 1, uses);
  }
}

}  // namespace

void collect_variables(std::string_view text, std::vector<VariableUse>& uses) {
  collect(text, 0, uses);
}

namespace {

void collect_from(const yaml::Node& node, std::map<std::string, VariableUse>& found) {
  for (const yaml::Entry& entry : node.entries) collect_from(entry.value, found);
  for (const yaml::Node& item : node.items) collect_from(item, found);
  if (!node.is_string()) return;
  std::vector<VariableUse> uses;
  collect_variables(node.text, uses);
  for (VariableUse& use : uses) found.insert_or_assign(use.name, use);
}

}  // namespace

std::map<std::string, VariableUse> variables_in(const yaml::Node& tree) {
  std::map<std::string, VariableUse> found;
  collect_from(tree, found);
  return found;
}

}  // namespace davit::compose
