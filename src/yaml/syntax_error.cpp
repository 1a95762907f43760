#include "syntax_error.hpp"

#include <algorithm>
#include <optional>

namespace davit::yaml {
namespace {

constexpr std::size_t kNowhere = std::string_view::npos;

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

std::string blanks(std::size_t count) {
  return std::to_string(count) + (count == 1 ? " blank" : " blanks");
}

/// A line of the text, without the blanks around it.
struct Line {
  std::size_t start = 0;   ///< offset of the line
  std::size_t indent = 0;  ///< blanks before the content
  std::string_view content;

  [[nodiscard]] std::size_t at() const { return start + indent; }
  [[nodiscard]] bool is_item() const { return content == "-" || content.starts_with("- "); }
  [[nodiscard]] bool is_empty() const { return content.empty() || content.front() == '#'; }
  /// Offset in the content of the colon behind a key.
  [[nodiscard]] std::size_t colon() const {
    if (content.ends_with(':')) return std::min(content.find(": "), content.size() - 1);
    return content.find(": ");
  }
};

class Cause {
 public:
  Cause(const Source& source, std::size_t at)
      : source_(source), text_(source.text()), at_(std::min(at, text_.size())), line_(line_at(at_)) {
    for (std::size_t start = line_.start; start > 0;) {
      const Line above = line_at(start - 1);
      start = above.start;
      if (above.is_empty()) continue;
      above_ = above;
      break;
    }
  }

  Diagnostic of(const std::string& problem) {
    const auto says = [&problem](std::string_view words) { return problem.find(words) != std::string::npos; };
    if (const auto tab = tab_in_indentation()) return tab_found(*tab);
    if (says("illegal map value")) return map_value();
    if (says("flow")) return flow(says("illegal flow end"));
    if (says("end of map not found") || says("end of sequence not found")) return end_of_block();
    if (says("unknown token")) return bad_start();
    if (says("anchor is not defined")) return unknown_anchor();
    if (says("not found after")) return nameless();
    if (says("unknown escape")) return bad_escape();
    if (says("illegal block entry"))
      return error("a list may not start behind its key", at_, at_ + 1)
          .with_hint("put each '- ' on a line of its own below the key, or write [a, b]");
    if (says("unexpected character in block scalar"))
      return error("text behind '|' or '>'", at_, end_of_line()).with_hint("the text starts on the next line");
    return error(problem, at_, at_);
  }

 private:
  [[nodiscard]] Diagnostic error(const std::string& what, std::size_t from, std::size_t to) const {
    return Diagnostic::error("yaml-syntax", "invalid YAML: " + what, source_.span(from, std::max(from, to)));
  }

  [[nodiscard]] Line line_at(std::size_t offset) const {
    Line line;
    line.start = offset == 0 ? 0 : text_.rfind('\n', offset - 1) + 1;
    std::string_view all = text_.substr(line.start, text_.find('\n', line.start) - line.start);
    line.indent = std::min(all.find_first_not_of(' '), all.size());
    all.remove_prefix(line.indent);
    while (!all.empty() && (is_blank(all.back()) || all.back() == '\r')) all.remove_suffix(1);
    line.content = all;
    return line;
  }

  [[nodiscard]] std::size_t end_of_line() const { return line_.at() + line_.content.size(); }

  /// In the line of the error or in the one before.
  [[nodiscard]] std::optional<std::size_t> tab_in_indentation() const {
    for (const Line& line : {line_, above_.value_or(line_)})
      if (line.content.starts_with('\t')) return line.at();
    return std::nullopt;
  }
  [[nodiscard]] Diagnostic tab_found(std::size_t tab) const {
    return error("a tab in the indentation", tab, tab + 1).with_hint("indent with blanks, YAML does not allow tabs");
  }

  /// "put it in quotes", with the text if that fits into double quotes as it is.
  static std::string quote_it(std::string_view text) {
    if (text.empty() || text.size() > 60 || text.find_first_of("\"\\") != kNowhere) return "put the value in quotes";
    return "put the value in quotes: \"" + std::string(text) + "\"";
  }

  /// A ':' where no key can end. Mostly a line above goes on in this one, because it has no ':' of its own.
  Diagnostic map_value() {
    const std::size_t first = line_.colon();
    if (first != kNowhere && line_.at() + first < at_) {
      const std::size_t value = line_.content.find_first_not_of(' ', first + 1);
      return error("a second ': ' in one line, which a value without quotes may not have", at_, at_ + 1)
          .with_hint(quote_it(line_.content.substr(std::min(value, line_.content.size()))));
    }
    const std::string key(line_.content.substr(0, std::min(first, line_.content.size())));
    if (!above_) return error("a ':' without a key", at_, at_ + 1);
    if (is_unfinished_key(*above_)) return unfinished_key();
    if (line_.indent > above_->indent)
      return error(
                 "'" + key + "' is indented deeper than the line above, and so it goes on with the value of that line",
                 line_.at(), line_.at() + key.size())
          .note("the line above", source_.span(above_->at(), above_->at() + above_->content.size()))
          .with_hint("indent both lines alike, or take the value of the line above away");
    return error("a ':' where no key can stand", at_, at_ + 1)
        .with_hint("check the indentation, and put values that contain ': ' in quotes");
  }

  /// Whether a line looks like a key without value that was forgotten to be made one.
  static bool is_unfinished_key(const Line& line) {
    const char first = line.content.front();
    const bool word = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') || first == '_';
    return word && line.colon() == kNowhere;
  }

  /// The line above is a key that lacks its ':', or the blank behind it.
  [[nodiscard]] Diagnostic unfinished_key() const {
    const std::string content(above_->content);
    const std::size_t colon = content.find(':');
    const std::size_t from = above_->at();
    if (colon == std::string::npos)
      return error("a ':' is missing behind '" + content + "'", from, from + content.size())
          .with_hint("write '" + content + ":'");
    return error("a blank is missing behind the ':' of '" + content + "'", from + colon, from + colon + 1)
        .with_hint("write '" + content.substr(0, colon) + ": " + content.substr(colon + 1) + "'");
  }

  /// Something that belongs neither to the mapping or list above nor to what is around it.
  Diagnostic end_of_block() {
    if (at_ > line_.at()) return behind_value();
    if (!above_) return error("this belongs to nothing", at_, end_of_line());
    if (line_.colon() != kNowhere && line_.indent >= above_->indent && is_unfinished_key(*above_))
      return unfinished_key();
    const bool among_items = above_->is_item() && above_->indent == line_.indent;
    if (line_.is_item() && above_->is_item())
      return error(std::string("this item is indented ") + (line_.indent > above_->indent ? "deeper" : "less") +
                       " than the items above",
                   line_.at(), line_.at() + 1)
          .note("the item above", source_.span(above_->at(), above_->at() + 1))
          .with_hint("indent it by " + blanks(above_->indent));
    if (line_.is_item())
      return error("an item of a list among the keys of a mapping", line_.at(), end_of_line())
          .with_hint("indent it below the key of its list, or write 'key: value'");
    if (among_items)
      return error("a key among the items of a list", line_.at(), end_of_line())
          .with_hint("begin it with '- ', or indent it as the keys around the list");
    return error("an indentation of " + blanks(line_.indent) + ", which no line above has", line_.at(), end_of_line())
        .with_hint("indent it by " + indents_above() + ", as the lines above it");
  }

  /// The indentations of the lines around this one: "6, 4 or 2 blanks".
  [[nodiscard]] std::string indents_above() const {
    std::vector<std::size_t> indents;
    const auto add = [&](std::size_t indent) {
      if (indents.empty() || indent < indents.back()) indents.push_back(indent);
    };
    for (std::size_t start = line_.start; start > 0 && (indents.empty() || indents.back() > 0);) {
      const Line above = line_at(start - 1);
      start = above.start;
      if (above.is_empty()) continue;
      const std::size_t inner = std::min(above.content.find_first_not_of("- "), above.content.size());
      if (above.is_item()) add(above.indent + inner);
      add(above.indent);
    }
    std::string text;
    for (std::size_t i = 0; i < indents.size(); ++i)
      text += (i == 0 ? "" : i + 1 == indents.size() ? " or " : ", ") + std::to_string(indents[i]);
    return text + (indents == std::vector<std::size_t>{1} ? " blank" : " blanks");
  }

  /// Text on a line whose value is complete.
  [[nodiscard]] Diagnostic behind_value() const {
    std::size_t last = at_;
    while (last > 0 && is_blank(text_[last - 1])) --last;
    const char before = last == 0 ? ' ' : text_[last - 1];
    const std::string rest(text_.substr(at_, end_of_line() - std::min(at_, end_of_line())));
    if (before == '"' || before == '\'') {
      const std::size_t open = opening_quote(last - 1);
      if (open != kNowhere && open < line_.start)
        return error("a quote that is not closed in its line", open, open + 1)
            .note("the next quote ends it", source_.span(last - 1, last))
            .with_hint("close it behind its value");
      return error("text behind a value in quotes", at_, at_ + rest.size())
          .with_hint("put the quotes around all of the value");
    }
    if (before == ']' || before == '}')
      return error(std::string("text behind the closing '") + before + "'", at_, at_ + rest.size())
          .with_hint("remove it, or put the whole value in quotes");
    return error("'" + rest + "' has no place here", at_, at_ + rest.size())
        .with_hint("check the indentation, and put the value in quotes if this belongs to it");
  }

  /// Of the quote that closes at an offset.
  [[nodiscard]] std::size_t opening_quote(std::size_t close) const {
    const char quote = text_[close];
    for (std::size_t i = close; i-- > 0;) {
      const bool may_open = i == 0 || std::string_view(" \t\n[{,").find(text_[i - 1]) != kNowhere;
      if (text_[i] == quote && may_open && source_.closing_quote(i) == close) return i;
      if (close - i > kFarthest) break;
    }
    return kNowhere;
  }

  /// Offsets of the brackets that are open at the place of the error.
  [[nodiscard]] std::vector<std::size_t> open_brackets() const {
    std::vector<std::size_t> open;
    char before = ':';  // the last character that is no blank; a line starts a value
    for (std::size_t i = 0; i < at_; ++i) {
      const char c = text_[i];
      const bool starts = std::string_view(":-,[{").find(before) != kNowhere;
      if (c == '\n') {
        if (open.empty()) before = ':';
        continue;
      }
      if (is_blank(c)) continue;
      if (c == '#' && (i == 0 || is_blank(text_[i - 1]) || text_[i - 1] == '\n')) {
        i = std::min(text_.find('\n', i), text_.size()) - 1;
        continue;
      }
      if ((c == '"' || c == '\'') && starts) i = std::min(source_.closing_quote(i), at_);
      if ((c == '[' || c == '{') && starts) open.push_back(i);
      if ((c == ']' || c == '}') && !open.empty()) open.pop_back();
      before = c;
    }
    return open;
  }

  /// Between brackets, or at a bracket that closes none.
  Diagnostic flow(bool closes) {
    const std::vector<std::size_t> open = open_brackets();
    const char found = at_ < text_.size() ? text_[at_] : ' ';
    if (open.empty())
      return error(closes ? std::string("'") + found + "' closes nothing" : "a bracket is missing", at_, at_ + 1)
          .with_hint("remove it, or put the value in quotes");
    const std::size_t from = open.back();
    const char bracket = text_[from];
    const char wanted = bracket == '[' ? ']' : '}';
    if (closes)
      return error(std::string("'") + found + "' where '" + wanted + "' is needed", at_, at_ + 1)
          .note(std::string("this '") + bracket + "' is to be closed", source_.span(from, from + 1));
    if (closed_later(from, wanted))
      return error(std::string("a ',' or '") + wanted + "' is missing before this", at_, at_ + 1)
          .note(std::string("in the brackets that '") + bracket + "' opens", source_.span(from, from + 1))
          .with_hint("put values with ': ', quotes or brackets in quotes");
    return error(std::string("a '") + bracket + "' that is never closed", from, from + 1)
        .with_hint(std::string("close it with '") + wanted + "'; a value that starts with '" + bracket +
                   "' and is meant as text needs quotes");
  }

  /// Whether the bracket at `open` is closed in its own line, or by a line that starts with the closing one.
  [[nodiscard]] bool closed_later(std::size_t open, char wanted) const {
    const std::string_view rest = text_.substr(at_);
    if (open >= line_.start) return rest.substr(0, rest.find('\n')).find(wanted) != kNowhere;
    for (std::size_t end = rest.find('\n'); end != kNowhere; end = rest.find('\n', end + 1)) {
      const std::size_t first = rest.find_first_not_of(" \n", end);
      if (first == kNowhere) return false;
      if (rest[first] == wanted) return true;
    }
    return false;
  }

  [[nodiscard]] Diagnostic bad_start() const {
    const std::string_view value = text_.substr(at_, end_of_line() - std::min(at_, end_of_line()));
    return error(std::string("a value may not start with '") + (value.empty() ? '?' : value.front()) + "'", at_,
                 at_ + value.size())
        .with_hint(quote_it(value));
  }

  [[nodiscard]] std::string word_at(std::size_t from) const {
    return std::string(text_.substr(from, std::min(text_.find_first_of(" \t\r\n,]}", from), text_.size()) - from));
  }

  [[nodiscard]] Diagnostic unknown_anchor() const {
    const std::size_t star = text_.rfind('*', at_);
    const std::string alias = star == kNowhere ? word_at(at_) : word_at(star);
    const std::size_t from = star == kNowhere ? at_ : star;
    return error("no value before this has the anchor of the alias '" + alias + "'", from, from + alias.size())
        .with_hint("put '&" + (alias.empty() ? alias : alias.substr(1)) +
                   "' before the value that is meant; a '*' that is text needs quotes");
  }

  [[nodiscard]] Diagnostic nameless() const {
    const std::size_t mark = at_ == 0 ? 0 : at_ - 1;
    return error("a '" + std::string(text_.substr(mark, 1)) + "' without a name", mark, mark + 1)
        .with_hint("it starts an anchor or an alias; put the value in quotes if it is text");
  }

  [[nodiscard]] Diagnostic bad_escape() const {
    const std::size_t slash = text_.rfind('\\', at_ == 0 ? 0 : at_ - 1);
    const std::size_t from = slash == kNowhere ? at_ : slash;
    const std::string escape(text_.substr(from, 2));
    return error("'" + escape + "' means nothing in double quotes", from, from + 2)
        .with_hint("write '\\" + escape + "', or put the value in single quotes");
  }

  static constexpr std::size_t kFarthest = 10'000;  ///< bytes between the quotes of a value, where one is looked for

  const Source& source_;
  std::string_view text_;
  std::size_t at_;
  Line line_;
  std::optional<Line> above_;  ///< the one before that is not empty
};

}  // namespace

Diagnostic syntax_error(const Source& source, const std::string& problem, std::size_t at) {
  return Cause(source, at).of(problem);
}

}  // namespace davit::yaml
