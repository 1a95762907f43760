#include "source.hpp"

#include <algorithm>
#include <cstdio>

namespace davit::yaml {
namespace {

/// Length of the valid UTF-8 sequence at `at`, or 0.
std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || at + length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(at + i) & 0xC0U) != 0x80U) return 0;
  if (first == 0xE0 && byte(at + 1) < 0xA0) return 0;
  if (first == 0xED && byte(at + 1) > 0x9F) return 0;
  if (first == 0xF0 && byte(at + 1) < 0x90) return 0;
  if (first == 0xF4 && byte(at + 1) > 0x8F) return 0;
  return length;
}

}  // namespace

Source::Source(std::string_view text, std::shared_ptr<const std::string> file) : text_(text), file_(std::move(file)) {
  line_starts_.push_back(0);
  for (std::size_t i = 0; i < text_.size(); ++i)
    if (text_[i] == '\n') line_starts_.push_back(i + 1);
}

Position Source::position(std::size_t offset) const {
  const auto after = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
  const auto line = static_cast<std::size_t>(after - line_starts_.begin());
  return {static_cast<std::uint32_t>(line), static_cast<std::uint32_t>(offset - line_starts_[line - 1] + 1)};
}

Span Source::span(std::size_t from, std::size_t to) const {
  return {file_, position(from), position(to)};
}

std::size_t Source::offset(int line, int column) const {
  if (line < 0 || static_cast<std::size_t>(line) >= line_starts_.size()) return text_.size();
  return std::min(line_starts_[static_cast<std::size_t>(line)] + static_cast<std::size_t>(std::max(column, 0)),
                  text_.size());
}

std::size_t Source::closing_quote(std::size_t at) const {
  const char quote = text_[at];
  for (std::size_t i = at + 1; i < text_.size(); ++i) {
    if (text_[i] == '\\' && quote == '"')
      ++i;
    else if (text_[i] == quote && quote == '\'' && i + 1 < text_.size() && text_[i + 1] == quote)
      ++i;
    else if (text_[i] == quote)
      return i;
  }
  return text_.size();
}

Span Source::scalar_span(std::size_t from, std::string_view value) const {
  std::size_t at = from;
  while (at < text_.size() && (text_[at] == '&' || text_[at] == '!')) {
    at = text_.find_first_of(" \t\r\n", at);
    at = at == std::string_view::npos ? text_.size() : text_.find_first_not_of(" \t", at);
    if (at == std::string_view::npos) at = text_.size();
  }
  const char first = at < text_.size() ? text_[at] : '\n';
  if (first == '"' || first == '\'') {
    const std::size_t end = closing_quote(at);
    return span(at, std::min(end + 1, text_.size()));
  }
  if (!value.empty() && text_.compare(at, value.size(), value) == 0) return span(at, at + value.size());
  std::size_t end = std::min(text_.find_first_of("\r\n", at), text_.size());
  while (end > at && (text_[end - 1] == ' ' || text_[end - 1] == '\t')) --end;
  return first == '\n' || first == '\r' ? span(from, from) : span(at, end);
}

std::string Source::text_of(const Span& span) const {
  const auto offset_of = [this](const Position& at) {
    return offset(static_cast<int>(at.line) - 1, static_cast<int>(at.column) - 1);
  };
  const std::size_t from = offset_of(span.begin);
  return std::string(text_.substr(from, std::max(offset_of(span.end), from) - from));
}

std::optional<Diagnostic> Source::bad_byte() const {
  for (std::size_t i = 0; i < text_.size();) {
    if (text_[i] == '\0')
      return Diagnostic::error("yaml-byte", "a NUL byte is not allowed in YAML", span(i, i + 1))
          .with_hint("the file may be binary or UTF-16; save it as UTF-8");
    const std::size_t length = utf8_length(text_, i);
    if (length == 0) {
      char hex[8];
      std::snprintf(hex, sizeof hex, "0x%02X", static_cast<unsigned>(static_cast<unsigned char>(text_[i])));
      return Diagnostic::error("yaml-byte", std::string("byte ") + hex + " is not valid UTF-8", span(i, i + 1))
          .with_hint("save the file as UTF-8");
    }
    i += length;
  }
  return std::nullopt;
}

std::optional<Diagnostic> Source::open_brackets(std::size_t most) const {
  std::size_t open = 0;
  for (std::size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] == '[' || text_[i] == '{') ++open;
    if ((text_[i] == ']' || text_[i] == '}') && open > 0) --open;
    if (open > most)
      return Diagnostic::error("yaml-limit", "more than " + std::to_string(most) + " brackets are open here",
                               span(i, i + 1))
          .with_hint("close them: every '[' needs a ']', every '{' a '}'");
  }
  return std::nullopt;
}

}  // namespace davit::yaml
