#pragma once
// The text that is parsed: validity of its bytes, and from positions to offsets.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "davit/base/diagnostic.hpp"

namespace davit::yaml {

class Source {
 public:
  Source(std::string_view text, std::shared_ptr<const std::string> file);

  [[nodiscard]] std::string_view text() const { return text_; }
  [[nodiscard]] Span span(std::size_t from, std::size_t to) const;
  /// Of a position that counts from 0; positions past the end become the end.
  [[nodiscard]] std::size_t offset(int line, int column) const;
  /// Where the scalar that starts at `from` ends: past its tag and anchor, its quotes included. `value` is its content.
  [[nodiscard]] Span scalar_span(std::size_t from, std::string_view value) const;
  /// Of the quote that closes the one at `at`; the size of the text when there is none.
  [[nodiscard]] std::size_t closing_quote(std::size_t at) const;
  /// What is written on the one line of a span.
  [[nodiscard]] std::string text_of(const Span& span) const;
  [[nodiscard]] Position position(std::size_t offset) const;

  /// The first byte that no YAML text may hold (NUL, broken UTF-8), as a diagnostic.
  [[nodiscard]] std::optional<Diagnostic> bad_byte() const;
  /// More than `most` brackets that wait for the one that closes them, as a diagnostic. Quotes and comments are not
  /// looked at: this is what the parser may have to keep in mind, not what it will make of it.
  [[nodiscard]] std::optional<Diagnostic> open_brackets(std::size_t most) const;

 private:
  std::string_view text_;
  std::shared_ptr<const std::string> file_;
  std::vector<std::size_t> line_starts_;
};

}  // namespace davit::yaml
