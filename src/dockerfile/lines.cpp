#include "dockerfile/lines.hpp"

#include <algorithm>
#include <cctype>
#include <set>

#include "davit/base/suggest.hpp"
#include "davit/dockerfile/expand.hpp"
#include "dockerfile/words.hpp"

namespace davit::dockerfile {
namespace {

// BuildKit's limit for one physical line (bufio.MaxScanTokenSize - 1).
constexpr std::size_t kLongestLine = 65535;

std::string_view trim_left(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  return text;
}

std::string_view trim_right(std::string_view text) {
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

bool starts_heredoc_instruction(std::string_view line) {
  for (;;) {
    line = trim_left(line);
    const std::size_t end = std::min(line.find_first_of(" \t\v\f\r"), line.size());
    const std::string keyword = upper(line.substr(0, end));
    line.remove_prefix(end);
    if (keyword == "ONBUILD") continue;
    if (keyword != "RUN" && keyword != "COPY" && keyword != "ADD") return false;
    return !trim_left(line).starts_with('[');  // the JSON form has none
  }
}

class Splitter {
 public:
  Splitter(std::string_view text, std::shared_ptr<const std::string> file) : rest_(text), file_(std::move(file)) {
    if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
  }

  Lines run() {
    read_directives();
    while (next_line()) start_instruction();
    return std::move(out_);
  }

 private:
  /// Moves to the next physical line. `raw_` keeps the line end, `line_` does not.
  bool next_line() {
    if (rest_.empty()) return false;
    const std::size_t end = rest_.find('\n');
    raw_ = end == std::string_view::npos ? rest_ : rest_.substr(0, end + 1);
    rest_.remove_prefix(raw_.size());
    line_ = raw_;
    while (!line_.empty() && (line_.back() == '\n' || line_.back() == '\r')) line_.remove_suffix(1);
    ++number_;
    if (line_.size() > kLongestLine) {
      error("line-too-long", "this line has " + std::to_string(line_.size()) + " bytes; at most 65535 are allowed", 1,
            2);
      line_ = line_.substr(0, kLongestLine);
    }
    return true;
  }

  Span place(std::size_t begin_column, std::size_t end_column) const {
    return {
        file_, {number_, static_cast<std::uint32_t>(begin_column)}, {number_, static_cast<std::uint32_t>(end_column)}};
  }

  void error(std::string code, std::string message, std::size_t begin_column, std::size_t end_column) {
    out_.diagnostics.add(Diagnostic::error(std::move(code), std::move(message), place(begin_column, end_column)));
  }

  /// `# name=value` lines at the very top. The first line that is none ends them and is read again as text.
  void read_directives() {
    std::set<std::string> seen;
    for (;;) {
      const auto before_rest = rest_;
      const auto before_number = number_;
      if (!next_line()) return;
      if (number_ == 1 && line_.starts_with("#!")) continue;
      std::string_view line = trim_left(line_);
      std::string name;
      std::string value;
      if (!split_directive(line, name, value) || (name != "syntax" && name != "escape" && name != "check")) {
        rest_ = before_rest;
        number_ = before_number;
        return;
      }
      if (!seen.insert(name).second)
        error("duplicate-directive", "parser directive '" + name + "' is given twice", 1, line_.size() + 1);
      apply_directive(name, value);
    }
  }

  static bool split_directive(std::string_view line, std::string& name, std::string& value) {
    if (!line.starts_with('#')) return false;
    line = trim_left(line.substr(1));
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) return false;
    const std::string_view key = trim_right(line.substr(0, equals));
    if (key.empty() || std::isalpha(static_cast<unsigned char>(key.front())) == 0) return false;
    if (!std::all_of(key.begin(), key.end(), [](unsigned char c) { return std::isalnum(c) != 0; })) return false;
    name = lower(key);
    value = std::string(trim_right(trim_left(line.substr(equals + 1))));
    return !value.empty();
  }

  void apply_directive(const std::string& name, const std::string& value) {
    const std::size_t column = line_.find(value) + 1;
    if (name == "escape") {
      if (value == "\\" || value == "`") {
        out_.escape = value.front();
      } else {
        error("bad-escape", "the escape character is '" + value + "'; it can be '\\' or '`'", column,
              column + value.size());
      }
    } else if (name == "check") {
      if (auto checks = parse_checks(value, place(column, column + value.size()))) {
        out_.checks = *std::move(checks);
      } else {
        out_.diagnostics.add(checks.error());
      }
    } else if (name == "syntax") {
      std::string_view frontend = value;
      if (frontend.starts_with("docker.io/")) frontend.remove_prefix(10);
      const bool known = frontend.starts_with("docker/dockerfile") || frontend.starts_with("dockerfile.v0");
      if (!known)
        out_.diagnostics.add(Diagnostic::warning(
            "unknown-syntax", "frontend '" + value + "' is not used: davit reads the file as 'docker/dockerfile:1'",
            place(column, column + value.size())));
    }
  }

  /// Takes the escape off a line that goes on; false when it does not.
  bool take_continuation(std::string_view& line) const {
    const std::string_view text = [&] {
      std::string_view t = line;
      while (!t.empty() && (t.back() == ' ' || t.back() == '\t')) t.remove_suffix(1);
      return t;
    }();
    if (text.empty() || text.back() != out_.escape) return false;
    if (text.size() >= 2 && text[text.size() - 2] == out_.escape) return false;
    line = text.substr(0, text.size() - 1);
    return true;
  }

  void start_instruction() {
    const std::string_view first = trim_left(line_);
    if (first.empty() || first.starts_with('#')) return;
    LogicalLine logical(file_);
    std::string_view part = first;
    bool goes_on = take_continuation(part);
    logical.append(part, {number_, static_cast<std::uint32_t>(line_.size() - first.size() + 1)});
    while (goes_on && next_line()) goes_on = continue_instruction(logical);
    read_heredocs(logical);
    if (!trim_left(logical.text()).empty()) out_.lines.push_back(std::move(logical));
  }

  bool continue_instruction(LogicalLine& logical) {
    const std::string_view trimmed = trim_left(line_);
    if (trimmed.starts_with('#')) return true;
    if (trimmed.empty()) {
      out_.diagnostics.add(Diagnostic::warning("empty-continuation", "empty line inside an instruction",
                                               logical.span(0, std::min<std::size_t>(logical.text().size(), 1)))
                               .note("the empty line", place(1, 1)));
      return true;
    }
    std::string_view part = line_;
    const bool goes_on = take_continuation(part);
    logical.append(part, {number_, 1});
    return goes_on;
  }

  void read_heredocs(LogicalLine& logical) {
    if (logical.text().find("<<") == std::string::npos || !starts_heredoc_instruction(logical.text())) return;
    for (auto& found : find_heredocs(logical.text())) {
      Heredoc& heredoc = found.heredoc;
      heredoc.where = logical.span(found.offset, found.offset + found.length);
      if (!read_body(logical, heredoc)) {
        out_.diagnostics.add(
            Diagnostic::error("unterminated-heredoc", "heredoc '" + heredoc.name + "' has no end", heredoc.where)
                .with_hint("end it with a line that is '" + heredoc.name + "' alone"));
        return;
      }
      logical.heredocs.push_back(std::move(heredoc));
    }
  }

  bool read_body(LogicalLine& logical, Heredoc& heredoc) {
    while (next_line()) {
      std::string_view raw = raw_;
      std::string_view line = line_;
      logical.heredoc_source += raw;
      if (heredoc.strip_tabs) {
        const std::size_t tabs = std::min(line.find_first_not_of('\t'), line.size());
        raw.remove_prefix(tabs);
        line.remove_prefix(tabs);
      }
      if (line == heredoc.name) return true;
      heredoc.content += raw;
    }
    return false;
  }

  std::string_view rest_;
  std::shared_ptr<const std::string> file_;
  std::string_view raw_;
  std::string_view line_;
  std::uint32_t number_ = 0;
  Lines out_;
};

}  // namespace

void LogicalLine::append(std::string_view text, Position from) {
  pieces_.push_back({text_.size(), from});
  text_ += text;
}

Position LogicalLine::position(std::size_t offset) const {
  if (pieces_.empty()) return {};
  auto piece = std::upper_bound(pieces_.begin(), pieces_.end(), offset,
                                [](std::size_t value, const Piece& p) { return value < p.offset; });
  --piece;
  return {piece->from.line, piece->from.column + static_cast<std::uint32_t>(offset - piece->offset)};
}

Span LogicalLine::span(std::size_t begin, std::size_t end) const {
  const Position from = position(begin);
  Position to = end > begin ? position(end - 1) : from;
  if (end > begin) ++to.column;
  if (to.line != from.line) {
    // The mark under the first line only: up to where this piece of the text ends.
    const auto next = std::find_if(pieces_.begin(), pieces_.end(), [&](const Piece& p) { return p.offset > begin; });
    to = {from.line, from.column + static_cast<std::uint32_t>(next->offset - begin)};
  }
  return {file_, from, to};
}

std::vector<HeredocWord> find_heredocs(std::string_view text) {
  std::vector<HeredocWord> found;
  LogicalLine line;
  line.append(text, {1, 1});
  const auto unset = [](std::string_view) { return std::optional<std::string>(); };
  for (const Slice& slice : split_quoted({&line, 0, text.size()}, '\\')) {
    std::string_view word = slice.text();
    word.remove_prefix(std::min(word.find_first_not_of("0123456789"), word.size()));
    if (!word.starts_with("<<")) continue;
    word.remove_prefix(2);
    HeredocWord entry;
    entry.heredoc.strip_tabs = word.starts_with('-');
    if (entry.heredoc.strip_tabs) word.remove_prefix(1);
    if (word.empty() || word.find('<') != std::string_view::npos) continue;
    auto name = expand(word, unset);
    if (!name || name->text.empty() || word.find('$') != std::string_view::npos) continue;
    entry.heredoc.expand = name->text == word;
    entry.heredoc.name = std::move(name->text);
    entry.offset = slice.begin;
    entry.length = slice.end - slice.begin;
    found.push_back(std::move(entry));
  }
  return found;
}

Lines split_lines(std::string_view text, const std::shared_ptr<const std::string>& file) {
  return Splitter(text, file).run();
}

}  // namespace davit::dockerfile
