#pragma once
// Path patterns: the wildcards of COPY, and the lines of .dockerignore (which --exclude shares).

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "davit/base/result.hpp"

namespace davit::dockerfile {

/// Whether COPY treats the path as a pattern: it has `*`, `?` or `[` that is not escaped.
[[nodiscard]] bool has_wildcard(std::string_view path);

/// Go's filepath.Match over the whole relative path: `*` and `?` never cross '/', `[a-z]` and `[^a-z]`, `\` escapes.
/// A malformed pattern (an open bracket, an escape at the end) matches nothing.
[[nodiscard]] bool wildcard_match(std::string_view pattern, std::string_view path);

/// "a//b/../c/" -> "a/c": Go's path.Clean of a path taken from `/`, without the leading slash. "" for the root itself;
/// ".." never leaves the root.
[[nodiscard]] std::string clean_relative(std::string_view path);

/// The compiled lines of a .dockerignore (moby/patternmatcher): in order, the last line that matches a path or one of
/// its parents wins, `!` takes back. Patterns are anchored at the root of the context, which is itself never excluded;
/// one that names the root ("."), or what is above ("../x"), matches nothing.
class IgnoreRules {
 public:
  IgnoreRules() = default;

  /// Compiles the text of a .dockerignore; `file` is its name in messages. The error names the malformed line.
  [[nodiscard]] static Result<IgnoreRules> parse(std::string_view text, const std::string& file);

  /// Compiles single patterns (--exclude).
  [[nodiscard]] static Result<IgnoreRules> from_patterns(const std::vector<std::string>& patterns, const Span& where);

  /// The line that excludes `path` (relative, without leading slash); nullopt when the path stays.
  struct Line {
    std::size_t number = 0;  ///< counts from 1
    std::string pattern;     ///< as written
  };
  [[nodiscard]] std::optional<Line> excluded_by(std::string_view path) const;
  [[nodiscard]] bool excludes(std::string_view path) const { return decide(path) != nullptr; }

  /// Whether everything below the excluded folder `path` is excluded too, so that a walk may skip it: no `!` line could
  /// match below it. Call only for a path that is excluded.
  [[nodiscard]] bool prunes(std::string_view path) const;

  [[nodiscard]] bool empty() const { return rules_.empty(); }
  /// The file's name in messages.
  [[nodiscard]] const std::string& file() const { return file_; }

 private:
  struct Token {
    enum class Kind { Literal, AnyChar, AnyInSegment, AnyFolders, Everything, Class };
    Kind kind = Kind::Literal;
    std::string text;  ///< Literal: one byte; Class: pairs of bounds
    bool negated = false;
  };
  struct Rule {
    std::string written;
    std::size_t line = 0;
    bool negated = false;
    bool literal = false;  ///< no wildcard: compared as text
    std::string clean;     ///< empty: matches nothing
    std::string fixed;     ///< the part before the first wildcard
    std::vector<Token> tokens;
  };

  [[nodiscard]] static Result<Rule, std::string> compile(std::string_view line, std::size_t number);
  void add(Rule rule);
  [[nodiscard]] static bool matches(const Rule& rule, std::string_view path);
  [[nodiscard]] const Rule* decide(std::string_view path) const;

  std::string file_;
  std::vector<Rule> rules_;
  bool any_negated_ = false;
};

}  // namespace davit::dockerfile
