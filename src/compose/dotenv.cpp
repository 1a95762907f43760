#include "davit/compose/dotenv.hpp"

#include <algorithm>

#include "interpolation.hpp"
#include "limits.hpp"

namespace davit::compose {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}
bool is_space(char c) {
  return is_blank(c) || c == '\n';
}

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
         c == '-' || c == '[' || c == ']' || static_cast<unsigned char>(c) >= 0x80;
}

/// Positions in a text, found by counting from the last one asked for.
class Places {
 public:
  Places(std::string_view text, std::shared_ptr<const std::string> file) : text_(text), file_(std::move(file)) {}
  Span span(std::size_t from, std::size_t to) { return {file_, position(from), position(std::max(from, to))}; }

 private:
  Position position(std::size_t offset) {
    if (offset < at_) {
      at_ = 0;
      place_ = {1, 1};
    }
    for (; at_ < offset && at_ < text_.size(); ++at_) {
      ++place_.column;
      if (text_[at_] == '\n') place_ = {place_.line + 1, 1};
    }
    return place_;
  }

  std::string_view text_;
  std::shared_ptr<const std::string> file_;
  std::size_t at_ = 0;
  Position place_{1, 1};
};

/// The escapes of double quotes; `\$` becomes `$$`, which interpolation turns into one `$`.
std::string expand_escapes(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    constexpr std::string_view kFrom = "abfnrtv\"\\";
    constexpr std::string_view kTo = "\a\b\f\n\r\t\v\"\\";
    const char next = text[++i];
    if (next == '$') {
      out += "$$";
    } else if (next == '0') {
      unsigned value = 0;
      std::size_t digits = 0;
      for (; digits < 3 && i + 1 < text.size() && text[i + 1] >= '0' && text[i + 1] <= '7'; ++digits)
        value = value * 8 + static_cast<unsigned>(text[++i] - '0');
      if (digits == 3 && value < 256)
        out += static_cast<char>(value);
      else
        out.append("\\0").append(text.substr(i + 1 - digits, digits));
    } else if (const std::size_t known = kFrom.find(next); known != std::string_view::npos) {
      out += kTo[known];
    } else {
      out += '\\';
      out += next;
    }
  }
  return out;
}

class DotenvParser {
 public:
  DotenvParser(std::string_view text, const std::shared_ptr<const std::string>& file, const EnvLookup& lookup,
               std::map<std::string, std::string>& values, Diagnostics& diagnostics,
               std::vector<WrittenVariable>* written)
      : text_(text),
        places_(text, file),
        lookup_(lookup),
        values_(values),
        diagnostics_(diagnostics),
        written_(written) {}

  void run() {
    while (to_statement()) {
      if (mistakes_ > kMostMistakes) return;
      if (values_.size() > kMostVariables)
        return error("more than " + std::to_string(kMostVariables) + " variables", at_, at_ + 1);
      if (!statement()) skip_line();
      if (text_left_.report())
        return error("variables put more than " + std::to_string(kMostText >> 20U) + " MB into each other's values",
                     at_, at_);
    }
  }

 private:
  bool to_statement() {
    for (;;) {
      while (at_ < text_.size() && is_space(text_[at_])) ++at_;
      if (at_ >= text_.size()) return false;
      if (text_[at_] != '#') return true;
      skip_line();
    }
  }

  void skip_line() { at_ = std::min(text_.find('\n', at_), text_.size()); }

  void error(std::string message, std::size_t from, std::size_t to, std::string hint = {},
             std::string code = "env-syntax") {
    if (++mistakes_ > kMostMistakes) message = "more than " + std::to_string(kMostMistakes) + " mistakes in this file";
    auto item = Diagnostic::error(std::move(code), std::move(message), places_.span(from, to));
    if (!hint.empty()) item.with_hint(std::move(hint));
    diagnostics_.add(std::move(item));
  }

  bool statement() {
    if (text_.substr(at_).starts_with("export") && at_ + 6 < text_.size() && is_blank(text_[at_ + 6])) {
      at_ += 6;
      while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
    }
    const std::size_t from = at_;
    std::size_t end = from;
    while (end < text_.size() && (is_blank(text_[end]) || is_name_char(text_[end]))) ++end;
    if (end < text_.size() && text_[end] != '=' && text_[end] != ':' && text_[end] != '\n') {
      const std::size_t line_end = std::min(text_.find('\n', from), text_.size());
      error("unexpected character '" + std::string(1, text_[end]) + "' in a variable name", end, end + 1,
            text_.substr(from, line_end - from).find('=') == std::string_view::npos ? "write lines as NAME=value"
                                                                                    : std::string());
      return false;
    }
    std::size_t name_end = end;
    while (name_end > from && is_blank(text_[name_end - 1])) --name_end;
    std::string name(text_.substr(from, name_end - from));
    if (name.find_first_of(" \t") != std::string::npos) {
      error("a variable name may not contain a blank, found '" + name + "'", from, name_end);
      return false;
    }
    // A name at the very end of the file, without a line break, is read as empty by docker compose; take it as bare.
    if (end >= text_.size() || text_[end] == '\n') {
      at_ = end;
      name_at_ = places_.span(from, name_end);
      if (auto value = lookup_(name)) {
        std::vector<ReplacedVariable> itself{{ReplacedVariable::By::Value, name, {0, value->size()}}};
        take(name, *std::move(value), std::move(itself));
        if (written_ != nullptr) written_->back().bare = true;
      }
      return true;
    }
    name_at_ = places_.span(from, name_end);
    at_ = end + 1;
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
    return value_of(std::move(name));
  }

  bool value_of(std::string name) {
    const char quote = at_ < text_.size() ? text_[at_] : '\n';
    if (quote == '"' || quote == '\'') return quoted(std::move(name), quote);
    const std::size_t from = at_;
    skip_line();
    std::string_view raw = text_.substr(from, at_ - from);
    raw = raw.substr(0, raw.find(" #"));
    while (!raw.empty() && is_space(raw.back())) raw.remove_suffix(1);
    return store(std::move(name), std::string(raw), from);
  }

  bool quoted(std::string name, char quote) {
    const std::size_t from = at_;
    std::string content;
    bool escape = false;
    for (++at_; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == quote && !escape) {
        ++at_;
        if (quote == '\'') {
          take(std::move(name), std::move(content), {});
          return true;
        }
        return store(std::move(name), expand_escapes(content), from + 1);
      }
      if (c == '\\' && !escape) {
        escape = true;
        continue;
      }
      if (escape && c != quote) content += '\\';
      escape = false;
      content += c;
    }
    at_ = from;
    error("the quote of the value of '" + name + "' is never closed", from, from + 1);
    return false;
  }

  void take(std::string name, std::string value, std::vector<ReplacedVariable> replaced) {
    if (written_ != nullptr) written_->push_back({name, value, name_at_, std::move(replaced), false});
    values_[std::move(name)] = std::move(value);
  }

  bool store(std::string name, const std::string& raw, std::size_t from) {
    if (raw.find('$') == std::string::npos) {
      take(std::move(name), raw, {});
      return true;
    }
    const Lookup find = [&](std::string_view wanted) -> std::optional<std::string> {
      if (auto outside = lookup_(wanted)) return outside;
      const auto found = values_.find(std::string(wanted));
      return found == values_.end() ? std::nullopt : std::optional(found->second);
    };
    std::vector<UnsetVariable> unset;
    std::vector<ReplacedVariable> replaced;
    auto value = interpolate(raw, find, &unset, written_ == nullptr ? nullptr : &replaced);
    for (const UnsetVariable& variable : unset)
      diagnostics_.add(Diagnostic::warning(
          "unset-variable", "the variable '" + variable.name + "' is not set, an empty string takes its place",
          places_.span(from + variable.offset, from + variable.offset + variable.length)));
    if (value && !text_left_.take(value->size())) return true;  // run() says so
    if (value) {
      take(std::move(name), std::move(*value), std::move(replaced));
      return true;
    }
    const InterpolationError& problem = value.error();
    const std::size_t at = from + problem.offset;
    if (problem.kind == InterpolationError::Kind::TooLong) {
      error("the value of '" + name + "' has more than " + std::to_string(kMostText >> 20U) + " MB from variables", at,
            at + problem.length);
      return true;
    }
    if (problem.kind == InterpolationError::Kind::Required)
      error("the required variable '" + problem.variable + "' is missing a value" +
                (problem.reason.empty() ? "" : ": " + problem.reason),
            at, at + problem.length, {}, "required-variable");
    else if (problem.kind == InterpolationError::Kind::Unclosed)
      error("a variable expression that is never closed in the value of '" + name + "'", at, at + problem.length,
            "every '${' needs a '}' in its line; write '$$' for a dollar sign");
    else
      error("invalid variable expression in the value of '" + name + "'", at, at + problem.length,
            "write '$$' for a dollar sign, or put the value in single quotes");
    return true;
  }

  std::string_view text_;
  Places places_;
  const EnvLookup& lookup_;
  std::map<std::string, std::string>& values_;
  Diagnostics& diagnostics_;
  std::vector<WrittenVariable>* written_;
  Span name_at_;                 ///< of the variable that is being read
  Budget text_left_{kMostText};  ///< of values with variables in them
  std::size_t at_ = 0;
  std::size_t mistakes_ = 0;
};

}  // namespace

void parse_dotenv(std::string_view text, const std::shared_ptr<const std::string>& file, const EnvLookup& lookup,
                  std::map<std::string, std::string>& values, Diagnostics& diagnostics,
                  std::vector<WrittenVariable>* written) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  DotenvParser(text, file, lookup, values, diagnostics, written).run();
}

void parse_raw_env(std::string_view text, const std::shared_ptr<const std::string>& file, const EnvLookup& lookup,
                   std::map<std::string, std::string>& values, Diagnostics& diagnostics,
                   std::vector<WrittenVariable>* written) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::uint32_t number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    at = end + 1;
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    while (!line.empty() && is_blank(line.front())) line.remove_prefix(1);
    if (line.empty() || line.front() == '#') continue;
    const std::size_t equals = line.find('=');
    const std::string name(line.substr(0, equals));
    const Span where{file, {number, 1}, {number, static_cast<std::uint32_t>(line.size() + 1)}};
    if (name.empty() || name.find_first_of(" \t") != std::string::npos) {
      diagnostics.add(Diagnostic::error("env-syntax",
                                        name.empty() ? "a line starts with '=' and has no name"
                                                     : "a variable name may not contain a blank, found '" + name + "'",
                                        where));
    } else if (equals != std::string_view::npos) {
      values[name] = line.substr(equals + 1);
      if (written != nullptr) written->push_back({name, values[name], where, {}, false});
    } else if (auto value = lookup(name)) {
      values[name] = *std::move(value);
      if (written != nullptr)
        written->push_back({name, values[name], where, {{ReplacedVariable::By::Value, name, {}}}, true});
    }
  }
}

}  // namespace davit::compose
