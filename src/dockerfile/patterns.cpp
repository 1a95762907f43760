#include "davit/dockerfile/patterns.hpp"

#include <algorithm>

namespace davit::dockerfile {
namespace {

std::string_view trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

/// Reads `[…]` starting behind the bracket. Fills pairs of bounds; false when malformed.
bool read_class(std::string_view pattern, std::size_t& at, std::string& bounds, bool& negated) {
  negated = at < pattern.size() && pattern[at] == '^';
  if (negated) ++at;
  const auto take = [&](char& out) {
    if (at >= pattern.size() || pattern[at] == '-' || pattern[at] == ']') return false;
    if (pattern[at] == '\\' && ++at >= pattern.size()) return false;
    out = pattern[at++];
    return true;
  };
  bounds.clear();
  while (at < pattern.size()) {
    if (pattern[at] == ']' && !bounds.empty()) {
      ++at;
      return true;
    }
    char low = 0;
    if (!take(low)) return false;
    char high = low;
    if (at < pattern.size() && pattern[at] == '-') {
      ++at;
      if (!take(high)) return false;
    }
    bounds += low;
    bounds += high;
  }
  return false;
}

bool in_class(std::string_view bounds, bool negated, char c) {
  for (std::size_t i = 0; i + 1 < bounds.size(); i += 2) {
    const auto u = static_cast<unsigned char>(c);
    if (static_cast<unsigned char>(bounds[i]) <= u && u <= static_cast<unsigned char>(bounds[i + 1])) return !negated;
  }
  return negated;
}

/// A line as Go's path.Clean leaves it, without a leading slash. "" when nothing in the context can match: the line
/// names the context itself ("." or "/") or leads out of it ("../src", which is not "/../src").
std::string clean_line(std::string_view line) {
  int depth = 0;
  for (std::string_view rest = line.starts_with('/') ? std::string_view() : line; !rest.empty();) {
    const std::size_t slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
    if (part.empty() || part == ".") continue;
    depth += part == ".." ? -1 : 1;
    if (depth < 0) return "";
  }
  return clean_relative(line);
}

/// One element of a COPY wildcard at `at`: does it take `c`? Moves `at` behind the element.
enum class Took { Yes, No, Malformed };
Took take_one(std::string_view pattern, std::size_t& at, char c) {
  if (pattern[at] == '?') {
    ++at;
    return c == '/' ? Took::No : Took::Yes;
  }
  if (pattern[at] == '[') {
    ++at;
    std::string bounds;
    bool negated = false;
    if (!read_class(pattern, at, bounds, negated)) return Took::Malformed;
    return in_class(bounds, negated, c) ? Took::Yes : Took::No;
  }
  if (pattern[at] == '\\' && ++at >= pattern.size()) return Took::Malformed;
  return pattern[at++] == c ? Took::Yes : Took::No;
}

}  // namespace

bool has_wildcard(std::string_view path) {
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '\\') {
      ++i;
    } else if (path[i] == '*' || path[i] == '?' || path[i] == '[') {
      return true;
    }
  }
  return false;
}

bool wildcard_match(std::string_view pattern, std::string_view path) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::optional<std::size_t> star;
  std::size_t star_text = 0;
  while (t < path.size() || p < pattern.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
      continue;
    }
    if (p < pattern.size() && t < path.size()) {
      std::size_t behind = p;
      const Took took = take_one(pattern, behind, path[t]);
      if (took == Took::Malformed) return false;
      if (took == Took::Yes) {
        p = behind;
        ++t;
        continue;
      }
    }
    if (!star || star_text >= path.size() || path[star_text] == '/') return false;
    p = *star + 1;
    t = ++star_text;
  }
  return true;
}

std::string clean_relative(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      const std::size_t cut = out.rfind('/');
      out.resize(cut == std::string::npos ? 0 : cut);
      continue;
    }
    if (!out.empty()) out += '/';
    out += part;
  }
  return out;
}

Result<IgnoreRules::Rule, std::string> IgnoreRules::compile(std::string_view line, std::size_t number) {
  Rule rule;
  rule.written = std::string(line);
  rule.line = number;
  if (line.starts_with('!')) {
    rule.negated = true;
    line = trim(line.substr(1));
    if (line.empty()) return std::string("'!' needs a pattern behind it");
  }
  rule.clean = clean_line(line);
  const std::string_view pattern = rule.clean;
  bool fixed = true;
  for (std::size_t at = 0; at < pattern.size();) {
    const char c = pattern[at++];
    Token token;
    if (c == '*') {
      token.kind = Token::Kind::AnyInSegment;
      if (at < pattern.size() && pattern[at] == '*') {
        ++at;
        if (at < pattern.size() && pattern[at] == '/') ++at;
        token.kind = at == pattern.size() ? Token::Kind::Everything : Token::Kind::AnyFolders;
      }
    } else if (c == '?') {
      token.kind = Token::Kind::AnyChar;
    } else if (c == '[') {
      token.kind = Token::Kind::Class;
      if (!read_class(pattern, at, token.text, token.negated))
        return "pattern '" + rule.written + "' has a '[' that is not closed";
    } else {
      if (c == '\\' && at == pattern.size()) return "pattern '" + rule.written + "' ends with an escape";
      token.text = c == '\\' ? pattern[at++] : c;
    }
    fixed = fixed && token.kind == Token::Kind::Literal;
    if (fixed) rule.fixed += token.text;
    rule.tokens.push_back(std::move(token));
  }
  rule.literal = fixed;
  return rule;
}

bool IgnoreRules::matches(const Rule& rule, std::string_view path) {
  if (!path.starts_with(rule.fixed)) return false;
  if (rule.literal) return path.size() == rule.fixed.size() || path[rule.fixed.size()] == '/';
  // A set of states (positions in the pattern) moves over the path; reaching the end of the pattern at the end of a
  // path component means the path or one of its parents matches.
  const auto& tokens = rule.tokens;
  using Kind = Token::Kind;
  std::vector<char> now(tokens.size() + 1, 0);
  std::vector<char> then(tokens.size() + 1, 0);
  const auto close = [&](std::vector<char>& states) {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      if (states[i] == 0) continue;
      const Kind kind = tokens[i].kind;
      if (kind == Kind::AnyInSegment || kind == Kind::Everything || (kind == Kind::AnyFolders && states[i] == 1))
        states[i + 1] = 1;
    }
  };
  now[0] = 1;
  close(now);
  for (const char c : path) {
    if (c == '/' && now[tokens.size()] != 0) return true;
    std::fill(then.begin(), then.end(), 0);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      if (now[i] == 0) continue;
      const Token& token = tokens[i];
      switch (token.kind) {
        case Kind::Literal:
          if (token.text.front() == c) then[i + 1] = 1;
          break;
        case Kind::AnyChar:
          if (c != '/') then[i + 1] = 1;
          break;
        case Kind::Class:
          if (c != '/' && in_class(token.text, token.negated, c)) then[i + 1] = 1;
          break;
        case Kind::AnyInSegment:
          if (c != '/') then[i] = 1;
          break;
        case Kind::Everything:
          then[i] = 1;
          break;
        case Kind::AnyFolders:
          // 1: at a boundary, may be left; 2: inside a folder's name, must go on to its slash.
          if (c == '/') then[i] = 1;
          if (then[i] == 0) then[i] = 2;
          break;
      }
    }
    close(then);
    std::swap(now, then);
  }
  return now[tokens.size()] != 0;
}

const IgnoreRules::Rule* IgnoreRules::decide(std::string_view path) const {
  if (path.empty()) return nullptr;  // `*` is about what is in the root, not the root
  for (auto rule = rules_.rbegin(); rule != rules_.rend(); ++rule)
    if (matches(*rule, path)) return rule->negated ? nullptr : &*rule;
  return nullptr;
}

std::optional<IgnoreRules::Line> IgnoreRules::excluded_by(std::string_view path) const {
  const Rule* rule = decide(path);
  if (rule == nullptr) return std::nullopt;
  return Line{rule->line, rule->written};
}

bool IgnoreRules::prunes(std::string_view path) const {
  if (!any_negated_) return true;
  const std::string below = std::string(path) + "/";
  return std::none_of(rules_.begin(), rules_.end(), [&](const Rule& rule) {
    if (!rule.negated) return false;
    // `!a/b*` can match below "a" and below "a/bc"; compare as far as both are known.
    const std::size_t known = std::min(rule.fixed.size(), below.size());
    return std::string_view(rule.fixed).substr(0, known) == std::string_view(below).substr(0, known);
  });
}

void IgnoreRules::add(Rule rule) {
  if (rule.clean.empty()) return;
  any_negated_ = any_negated_ || rule.negated;
  rules_.push_back(std::move(rule));
}

Result<IgnoreRules> IgnoreRules::parse(std::string_view text, const std::string& file) {
  IgnoreRules rules;
  rules.file_ = file;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    const std::string_view raw = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (raw.starts_with('#')) continue;
    const std::string_view line = trim(raw);
    if (line.empty()) continue;
    auto rule = compile(line, number);
    if (!rule) {
      const Position begin{static_cast<std::uint32_t>(number), 1};
      const Position stop{begin.line, static_cast<std::uint32_t>(raw.size() + 1)};
      return Diagnostic::error("dockerignore", rule.error(),
                               Span{std::make_shared<const std::string>(file), begin, stop});
    }
    rules.add(*std::move(rule));
  }
  return rules;
}

Result<IgnoreRules> IgnoreRules::from_patterns(const std::vector<std::string>& patterns, const Span& where) {
  IgnoreRules rules;
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    auto rule = compile(patterns[i], i + 1);
    if (!rule) return Diagnostic::error("bad-pattern", rule.error(), where);
    rules.add(*std::move(rule));
  }
  return rules;
}

}  // namespace davit::dockerfile
