#include "davit/dockerfile/expand.hpp"

#include <algorithm>
#include <cctype>

#include "dockerfile/shell_glob.hpp"

namespace davit::dockerfile {
namespace {

bool is_digit(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) != 0;
}
bool is_space(char c) {
  return std::isspace(static_cast<unsigned char>(c)) != 0;
}
// Bytes of multi-byte letters count as letters, as BuildKit takes any Unicode letter.
bool is_name_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool is_special_parameter(char c) {
  return std::string_view("@*#?-$!0").find(c) != std::string_view::npos;
}

// Nested `${a:-${b:-…}}` recurses; nobody writes more than this by hand.
constexpr int kDeepest = 64;

struct Failure {
  ExpandError error;
};

/// Splits at blanks outside quotes while the text is built.
class Words {
 public:
  void add(char c) {
    if (is_space(c)) {
      close();
    } else {
      add_quoted(c);
    }
  }
  void add_quoted(char c) {
    current_ += c;
    open_ = true;
  }
  void add(std::string_view text) {
    for (const char c : text) add(c);
  }
  void add_quoted(std::string_view text) {
    current_ += text;
    open_ = true;  // '' is a word, an empty one
  }
  std::vector<std::string> take() {
    close();
    return std::move(words_);
  }

 private:
  void close() {
    if (open_) words_.push_back(std::move(current_));
    current_.clear();
    open_ = false;
  }
  std::vector<std::string> words_;
  std::string current_;
  bool open_ = false;
};

enum class Escapes { Resolve, Keep };  ///< Keep: for patterns, where `\*` must stay a literal star

class Reader {
 public:
  Reader(std::string_view text, const Lookup& lookup, char escape, Quotes quotes)
      : text_(text), lookup_(lookup), escape_(escape), quotes_(quotes) {}

  std::string read_all() { return read_until('\0', Escapes::Resolve); }
  std::vector<std::string> take_words() { return words_.take(); }
  std::vector<std::string> take_unset() { return std::move(unset_); }

 private:
  [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }
  [[nodiscard]] char peek() const { return at_end() ? '\0' : text_[at_]; }
  char next() { return at_end() ? '\0' : text_[at_++]; }
  [[noreturn]] void fail(std::size_t offset, std::string message) const { throw Failure{{offset, std::move(message)}}; }

  /// Reads up to `stop` (taken, not returned) or the end of the text when `stop` is 0.
  std::string read_until(char stop, Escapes escapes) {
    const std::size_t begin = at_;
    const bool outermost = depth_ == 0;
    if (++depth_ > kDeepest) fail(begin, "variables are nested too deeply");
    std::string out;
    while (!at_end()) {
      const char c = peek();
      if (stop != '\0' && c == stop) {
        ++at_;
        --depth_;
        return out;
      }
      if (c == '$') {
        const std::string value = read_dollar();
        out += value;
        if (outermost) words_.add(value);
      } else if (quotes_ == Quotes::Remove && (c == '\'' || c == '"')) {
        const std::string value = c == '\'' ? read_single_quoted() : read_double_quoted();
        out += value;
        if (outermost) words_.add_quoted(value);
      } else {
        read_plain(out, escapes, outermost);
      }
    }
    if (stop != '\0') fail(begin, std::string("missing '") + stop + "'");
    --depth_;
    return out;
  }

  void read_plain(std::string& out, Escapes escapes, bool outermost) {
    const char c = next();
    if (c != escape_) {
      out += c;
      if (outermost) words_.add(c);
      return;
    }
    if (at_end()) return;  // a lone escape at the end is dropped
    // Where quotes are data, only `\$` and `\\` are syntax.
    if (quotes_ == Quotes::Keep && peek() != '$' && peek() != escape_) {
      out += c;
      return;
    }
    if (escapes == Escapes::Keep) out += '\\';
    const char escaped = next();
    out += escaped;
    if (outermost) words_.add_quoted(escaped);
  }

  std::string read_single_quoted() {
    const std::size_t begin = at_++;
    const std::size_t end = text_.find('\'', at_);
    if (end == std::string_view::npos) fail(begin, "the single quote is not closed");
    std::string out(text_.substr(at_, end - at_));
    at_ = end + 1;
    return out;
  }

  std::string read_double_quoted() {
    const std::size_t begin = at_++;
    std::string out;
    while (!at_end()) {
      if (peek() == '"') {
        ++at_;
        return out;
      }
      if (peek() == '$') {
        out += read_dollar();
        continue;
      }
      const char c = next();
      if (c == escape_ && !at_end() && (peek() == '"' || peek() == '$' || peek() == escape_)) {
        out += next();
      } else {
        out += c;
      }
    }
    fail(begin, "the double quote is not closed");
  }

  std::string read_name() {
    const std::size_t begin = at_;
    if (is_digit(peek())) {
      while (is_digit(peek())) ++at_;
    } else if (is_special_parameter(peek()) && !at_end()) {
      ++at_;
    } else {
      while (!at_end() && is_name_char(peek())) ++at_;
    }
    return std::string(text_.substr(begin, at_ - begin));
  }

  std::string read_dollar() {
    const std::size_t begin = at_++;
    if (peek() == '{') {
      ++at_;
      return read_braced(begin);
    }
    const std::string name = at_end() ? std::string() : read_name();
    if (name.empty()) return "$";
    return value_or_empty(name);
  }

  std::string value_or_empty(const std::string& name) {
    auto value = lookup_(name);
    if (value) return std::move(*value);
    unset_.push_back(name);
    return {};
  }

  std::string read_braced(std::size_t begin) {
    if (at_end()) fail(begin, "missing '}'");
    if (peek() == '{' || peek() == '}' || peek() == ':') fail(begin, "bad substitution");
    const std::string name = read_name();
    if (name.empty()) fail(begin, "bad substitution");
    if (at_end()) fail(begin, "missing '}'");
    const char modifier = next();
    switch (modifier) {
      case '}':
        return value_or_empty(name);
      case ':':
        return read_conditional(begin, name, next(), true);
      case '-':
      case '+':
      case '?':
        return read_conditional(begin, name, modifier, false);
      case '#':
      case '%':
        return read_trimmed(name, modifier);
      case '/':
        return read_replaced(name);
      default:
        fail(begin, std::string("modifier '") + modifier + "' is not known");
    }
  }

  std::string read_conditional(std::size_t begin, const std::string& name, char modifier, bool empty_is_unset) {
    if (modifier != '-' && modifier != '+' && modifier != '?') {
      const std::string shown = modifier == '\0' ? "" : std::string(1, modifier);
      fail(begin, "modifier ':" + shown + "' is not known");
    }
    const std::string word = read_until('}', Escapes::Resolve);
    auto value = lookup_(name);
    const bool missing = !value || (empty_is_unset && value->empty());
    if (modifier == '+') return missing ? std::string() : word;
    if (!missing) return std::move(*value);
    if (modifier == '-') return word;
    const std::string_view standard = value ? "is not allowed to be empty" : "is not allowed to be unset";
    fail(begin, name + ": " + (word.empty() ? std::string(standard) : word));
  }

  std::string read_trimmed(const std::string& name, char modifier) {
    const bool longest = peek() == modifier;
    if (longest) ++at_;
    const std::string pattern = read_until('}', Escapes::Keep);
    const std::string value = value_or_empty(name);
    return modifier == '#' ? trim_prefix(value, pattern, longest) : trim_suffix(value, pattern, longest);
  }

  std::string read_replaced(const std::string& name) {
    const bool all = peek() == '/';
    if (all) ++at_;
    const std::string pattern = read_until('/', Escapes::Keep);
    const std::string replacement = read_until('}', Escapes::Resolve);
    return replace_matches(value_or_empty(name), pattern, replacement, all);
  }

  std::string_view text_;
  const Lookup& lookup_;
  char escape_;
  Quotes quotes_;
  std::size_t at_ = 0;
  int depth_ = 0;
  Words words_;
  std::vector<std::string> unset_;
};

}  // namespace

Result<Expanded, ExpandError> expand(std::string_view word, const Lookup& lookup, char escape, Quotes quotes) {
  try {
    Reader reader(word, lookup, escape, quotes);
    std::string text = reader.read_all();
    return Expanded{std::move(text), reader.take_unset()};
  } catch (const Failure& failure) {
    return failure.error;
  }
}

Result<std::vector<std::string>, ExpandError> expand_to_words(std::string_view text, const Lookup& lookup,
                                                              char escape) {
  try {
    Reader reader(text, lookup, escape, Quotes::Remove);
    reader.read_all();
    return reader.take_words();
  } catch (const Failure& failure) {
    return failure.error;
  }
}

}  // namespace davit::dockerfile
