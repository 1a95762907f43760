#include "canvas.hpp"

#include "label.hpp"

namespace davit::picture {
namespace {

/// Select graphic rendition (ECMA-48 8.3.117).
std::string_view begin_of(Style style) {
  switch (style) {
    case Style::Plain:
      return "\x1b[0m";
    case Style::Strong:
      return "\x1b[0;1m";
    case Style::Faint:
      return "\x1b[0;2m";
    case Style::Mark:
      return "\x1b[0;32m";
  }
  return {};
}

}  // namespace

Canvas::Cell* Canvas::cell(std::size_t x, std::size_t y) {
  if (x >= columns_) return nullptr;
  if (y >= rows_.size()) rows_.resize(y + 1, std::vector<Cell>(columns_));
  return &rows_[y][x];
}

void Canvas::put(std::size_t x, std::size_t y, std::string_view glyph, Style style) {
  if (Cell* const at = cell(x, y)) *at = {std::string(glyph), style};
}

void Canvas::text(std::size_t x, std::size_t y, std::string_view text, Style style) {
  for (const Character& c : characters(text)) {
    const std::size_t width = text_width(c.bytes);
    if (width == 0) {
      if (Cell* const before = x == 0 ? nullptr : cell(x - 1, y)) before->glyph += c.bytes;
      continue;
    }
    put(x, y, c.bytes, style);
    if (width == 2) put(x + 1, y, "", style);
    x += width;
  }
}

std::string_view Canvas::at(std::size_t x, std::size_t y) const {
  return y < rows_.size() && x < columns_ ? std::string_view(rows_[y][x].glyph) : std::string_view(" ");
}

std::string Canvas::lines(Colours colours) const {
  std::string out;
  for (const auto& row : rows_) {
    std::size_t used = row.size();
    while (used > 0 && row[used - 1].glyph == " ") --used;
    Style now = Style::Plain;
    for (std::size_t x = 0; x < used; ++x) {
      if (colours == Colours::Yes && row[x].style != now && row[x].glyph != " ") {
        now = row[x].style;
        out += begin_of(now);
      }
      out += row[x].glyph;
    }
    if (now != Style::Plain) out += begin_of(Style::Plain);
    out += '\n';
  }
  return out;
}

}  // namespace davit::picture
