#pragma once
// Pictures as text: for people at a terminal, and in the languages of other tools.

#include <cstddef>
#include <string>

#include "davit/picture/picture.hpp"

namespace davit::picture {

enum class Glyphs { Unicode, Ascii };
enum class Colours { No, Yes };

struct TerminalOptions {
  std::size_t columns = 80;
  Glyphs glyphs = Glyphs::Unicode;
  Colours colours = Colours::No;
};

/// Boxes in rows, what others need below them, lines between them, and a legend; no line is wider than `columns` (but
/// at least 20). When the lines do not fit, the boxes name what they need instead.
[[nodiscard]] std::string draw_terminal(const Picture& picture, const TerminalOptions& options);

/// A flowchart for Mermaid (mermaid.js.org), as Markdown hosts draw it in ```mermaid blocks.
[[nodiscard]] std::string draw_mermaid(const Picture& picture);

/// A graph for Graphviz' dot.
[[nodiscard]] std::string draw_dot(const Picture& picture);

/// A stand-alone SVG document with its own fonts and colours, for light and dark pages.
[[nodiscard]] std::string draw_svg(const Picture& picture);

/// One JSON object: project, services, networks. Ends with a newline.
[[nodiscard]] std::string draw_json(const Picture& picture);

}  // namespace davit::picture
