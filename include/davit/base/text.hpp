#pragma once
// Text in parts, and how wide it is on a terminal.

#include <cstddef>
#include <string_view>
#include <vector>

namespace davit {

/// What stands between the separators: at least one part, which may be empty. The parts point into `text`.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);

/// A character of UTF-8 text; a byte that belongs to none is U+FFFD.
struct Character {
  std::string_view bytes;
  char32_t code = 0;
};
[[nodiscard]] std::vector<Character> characters(std::string_view text);

/// Columns on a terminal: East Asian wide characters and pictures take two, combining ones none.
[[nodiscard]] std::size_t text_width(std::string_view text);
[[nodiscard]] std::size_t text_width(const Character& character);

}  // namespace davit
