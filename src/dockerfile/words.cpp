#include "dockerfile/words.hpp"

#include <algorithm>
#include <cctype>

namespace davit::dockerfile {

bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

std::string upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return out;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

Slice Slice::trimmed() const {
  Slice out = *this;
  while (!out.empty() && is_blank(out.text().front())) ++out.begin;
  while (!out.empty() && is_blank(out.text().back())) --out.end;
  return out;
}

Slice take_word(Slice& rest) {
  rest = rest.trimmed();
  Slice word = rest;
  word.end = word.begin;
  while (word.end < rest.end && !is_blank(rest.line->text()[word.end])) ++word.end;
  rest.begin = word.end;
  rest = rest.trimmed();
  return word;
}

std::vector<Slice> split_blanks(Slice rest) {
  std::vector<Slice> words;
  for (;;) {
    const Slice word = take_word(rest);
    if (word.empty()) return words;
    words.push_back(word);
  }
}

std::vector<Slice> split_quoted(Slice rest, char escape) {
  std::vector<Slice> words;
  const std::string& text = rest.line->text();
  std::size_t at = rest.begin;
  while (at < rest.end) {
    if (is_blank(text[at])) {
      ++at;
      continue;
    }
    const std::size_t begin = at;
    char quote = 0;
    for (; at < rest.end; ++at) {
      const char c = text[at];
      if (quote == 0 && is_blank(c)) break;
      // Inside single quotes an escape is data.
      if (c == escape && quote != '\'') {
        if (at + 1 < rest.end) ++at;
      } else if (quote == 0 && (c == '\'' || c == '"')) {
        quote = c;
      } else if (c == quote) {
        quote = 0;
      }
    }
    words.push_back({rest.line, begin, at});
  }
  return words;
}

}  // namespace davit::dockerfile
