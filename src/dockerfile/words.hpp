#pragma once
// Splitting the text of an instruction into words, with their places.

#include <string>
#include <string_view>
#include <vector>

#include "davit/dockerfile/instruction.hpp"
#include "dockerfile/lines.hpp"

namespace davit::dockerfile {

/// A stretch of a logical line: what is left to parse.
struct Slice {
  const LogicalLine* line = nullptr;
  std::size_t begin = 0;
  std::size_t end = 0;

  [[nodiscard]] std::string_view text() const { return std::string_view(line->text()).substr(begin, end - begin); }
  [[nodiscard]] bool empty() const { return begin >= end; }
  [[nodiscard]] Span span() const { return line->span(begin, end); }
  [[nodiscard]] Word word() const { return {std::string(text()), span()}; }
  [[nodiscard]] Slice trimmed() const;
};

/// At blanks; quotes mean nothing (COPY, EXPOSE, FROM, VOLUME).
[[nodiscard]] std::vector<Slice> split_blanks(Slice rest);

/// At blanks outside quotes; quotes and escapes stay in the words (ENV, LABEL, ARG, heredoc detection).
[[nodiscard]] std::vector<Slice> split_quoted(Slice rest, char escape);

/// Takes the first word off `rest`; empty when nothing is left.
[[nodiscard]] Slice take_word(Slice& rest);

[[nodiscard]] std::string upper(std::string_view text);
[[nodiscard]] std::string lower(std::string_view text);
[[nodiscard]] bool is_blank(char c);

}  // namespace davit::dockerfile
