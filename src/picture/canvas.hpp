#pragma once
// A sheet of characters to draw on, and its lines as text.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "davit/picture/draw.hpp"

namespace davit::picture {

enum class Style : std::uint8_t { Plain, Strong, Faint, Mark };

class Canvas {
 public:
  /// Grows downwards by itself; what is put beside the width is dropped.
  explicit Canvas(std::size_t columns) : columns_(columns) {}

  void put(std::size_t x, std::size_t y, std::string_view glyph, Style style = Style::Plain);
  /// One line from there on; wide characters take two columns.
  void text(std::size_t x, std::size_t y, std::string_view text, Style style = Style::Plain);
  [[nodiscard]] std::size_t rows() const { return rows_.size(); }
  [[nodiscard]] std::string_view at(std::size_t x, std::size_t y) const;

  /// The lines, without blanks at their ends, each ended by a newline.
  [[nodiscard]] std::string lines(Colours colours) const;

 private:
  struct Cell {
    std::string glyph = " ";
    Style style = Style::Plain;
  };
  Cell* cell(std::size_t x, std::size_t y);

  std::size_t columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace davit::picture
