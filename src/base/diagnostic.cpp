#include "davit/base/diagnostic.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "davit/base/text.hpp"

namespace davit {
namespace {

constexpr std::size_t kExcerptWidth = 160;
constexpr std::size_t kLongestText = 2000;  ///< of a message, a note, a hint

std::string_view word(Severity severity) {
  switch (severity) {
    case Severity::Note:
      return "note";
    case Severity::Warning:
      return "warning";
    case Severity::Error:
      return "error";
  }
  return "error";
}

std::string_view colour_of(Severity severity) {
  switch (severity) {
    case Severity::Note:
      return "\x1b[36m";
    case Severity::Warning:
      return "\x1b[33m";
    case Severity::Error:
      return "\x1b[31m";
  }
  return "";
}

std::string_view line_of(std::string_view text, std::uint32_t number) {
  std::size_t begin = 0;
  for (std::uint32_t line = 1; line < number; ++line) {
    begin = text.find('\n', begin);
    if (begin == std::string_view::npos) return {};
    ++begin;
  }
  std::string_view line = text.substr(begin, text.find('\n', begin) - begin);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

/// Length of the UTF-8 sequence at the front, or 0 when it is none.
std::size_t sequence_length(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  const std::size_t length = first < 0x80 ? 1 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if ((first >= 0x80 && first < 0xC2) || first > 0xF4 || length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U) return 0;
  const auto second = static_cast<unsigned char>(length > 1 ? text[1] : 0);
  const bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool no_character = (first == 0xED && second > 0x9F) || (first == 0xF4 && second > 0x8F);
  return overlong || no_character ? 0 : length;
}

// Control characters would move the terminal's cursor away from the caret. Each byte stays a byte: a broken one becomes
// a question mark.
std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    const bool control = static_cast<unsigned char>(text.front()) < 0x20 || text.front() == 0x7f;
    // U+0080 to U+009F: to some terminals what ESC and a letter are.
    const bool control_of_two = length == 2 && text.front() == '\xC2' && static_cast<unsigned char>(text[1]) < 0xA0;
    if (length == 0)
      out += '?';
    else if (control)
      out += ' ';
    else if (control_of_two)
      out += "  ";
    else
      out += text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

/// The start of the character that the byte at `at` belongs to; `at` where that is no UTF-8.
std::size_t utf8_start(std::string_view text, std::size_t at) {
  std::size_t start = at;
  while (start > 0 && at - start < 4 && (static_cast<unsigned char>(text[start]) & 0xC0U) == 0x80U) --start;
  return at - start < 4 ? start : at;
}

/// A text for a terminal: of bounded length, and without what could move the cursor. Line breaks stay.
std::string legible(std::string_view text) {
  const bool whole = text.size() <= kLongestText;
  if (!whole) text = text.substr(0, utf8_start(text, kLongestText));
  std::string out;
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t end = std::min(text.find('\n', from), text.size());
    out += printable(text.substr(from, end - from));
    if (end < text.size()) out += '\n';
    from = end + 1;
  }
  return whole ? out : out + "…";
}

std::string excerpt(const Span& where, const SourceLookup& sources, std::string_view caret_colour) {
  if (!where.known() || !sources) return {};
  const auto text = sources(*where.file);
  if (!text) return {};
  const std::string_view whole = line_of(*text, where.begin.line);
  const std::size_t start = where.begin.column == 0 ? 0 : where.begin.column - 1;
  if (whole.empty() || start > whole.size()) return {};

  // A long line is shown as a window around the mark.
  const std::size_t first = start > kExcerptWidth / 2 ? utf8_start(whole, start - kExcerptWidth / 2) : 0;
  const std::size_t last =
      first + kExcerptWidth < whole.size() ? utf8_start(whole, first + kExcerptWidth) : whole.size();
  const std::string shown = printable(whole.substr(first, last - first));
  const std::size_t offset = start - first;

  std::size_t length = 1;
  if (where.end.line == where.begin.line && where.end.column > where.begin.column)
    length = where.end.column - where.begin.column;
  else if (where.end.line > where.begin.line)
    length = whole.size() - start;
  length = std::max<std::size_t>(1, std::min(length, shown.size() - std::min(offset, shown.size())));

  std::string number = std::to_string(where.begin.line);
  number.insert(0, number.size() < 5 ? 5 - number.size() : 0, ' ');
  const std::string gutter(number.size(), ' ');
  // The caret counts columns of the terminal, not bytes.
  const std::size_t marks = std::max<std::size_t>(1, text_width(std::string_view(shown).substr(offset, length)));
  std::string out = number + " | " + shown + "\n" + gutter + " | " +
                    std::string(text_width(std::string_view(shown).substr(0, offset)), ' ');
  out += caret_colour;
  out += '^';
  out += std::string(marks - 1, '~');
  if (!caret_colour.empty()) out += "\x1b[0m";
  out += '\n';
  return out;
}

}  // namespace

Diagnostic Diagnostic::error(std::string code, std::string message, std::optional<Span> where) {
  return {Severity::Error, std::move(code), std::move(message), std::move(where), {}, {}};
}

Diagnostic Diagnostic::warning(std::string code, std::string message, std::optional<Span> where) {
  return {Severity::Warning, std::move(code), std::move(message), std::move(where), {}, {}};
}

Diagnostic& Diagnostic::note(std::string text, std::optional<Span> at) & {
  notes.push_back({std::move(text), std::move(at)});
  return *this;
}

Diagnostic&& Diagnostic::note(std::string text, std::optional<Span> at) && {
  return std::move(note(std::move(text), std::move(at)));
}

Diagnostic& Diagnostic::with_hint(std::string text) & {
  hint = std::move(text);
  return *this;
}

Diagnostic&& Diagnostic::with_hint(std::string text) && {
  return std::move(with_hint(std::move(text)));
}

Diagnostic& Diagnostic::about(std::string attribute, std::string item) & {
  if (!subject) subject = Subject{std::move(attribute), std::move(item)};
  return *this;
}

Diagnostic&& Diagnostic::about(std::string attribute, std::string item) && {
  return std::move(about(std::move(attribute), std::move(item)));
}

void Diagnostics::append(const Diagnostics& other) {
  items_.insert(items_.end(), other.items_.begin(), other.items_.end());
}

bool Diagnostics::has_errors() const {
  return std::any_of(items_.begin(), items_.end(), [](const Diagnostic& d) { return d.severity == Severity::Error; });
}

void Diagnostics::sort_and_unique() {
  std::map<std::string, std::size_t> file_order;
  for (const auto& d : items_)
    if (d.where && d.where->file) file_order.try_emplace(*d.where->file, file_order.size());
  const auto key = [&](const Diagnostic& d) {
    if (!d.where || !d.where->file) return std::tuple(file_order.size(), Position{});
    return std::tuple(file_order.at(*d.where->file), d.where->begin);
  };
  std::stable_sort(items_.begin(), items_.end(),
                   [&](const Diagnostic& a, const Diagnostic& b) { return key(a) < key(b); });
  items_.erase(std::unique(items_.begin(), items_.end()), items_.end());
}

std::string render(const Diagnostic& d, const SourceLookup& sources, RenderOptions options) {
  const std::string_view colour = options.colour ? colour_of(d.severity) : "";
  const std::string_view bold = options.colour ? "\x1b[1m" : "";
  const std::string_view reset = options.colour ? "\x1b[0m" : "";
  std::string out;
  if (d.where && d.where->file) {
    out += bold;
    out += d.where->to_string() + ": ";
    out += reset;
  }
  out += colour;
  out += word(d.severity);
  out += ": ";
  out += reset;
  out += legible(d.message);
  out += '\n';
  if (d.where) out += excerpt(*d.where, sources, colour);
  for (const auto& note : d.notes) {
    out += "  note: " + legible(note.text);
    if (note.where && note.where->file) out += " (" + note.where->to_string() + ")";
    out += '\n';
  }
  if (d.hint) out += "  hint: " + legible(*d.hint) + "\n";
  return out;
}

}  // namespace davit
