// Graphviz: every name and label is a quoted string, in which the quote and the backslash mean something
// (graphviz.org/doc/info/lang.html); labels also read the entities of HTML.

#include <fmt/format.h>

#include "davit/picture/draw.hpp"
#include "frames.hpp"
#include "label.hpp"

namespace davit::picture {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c == '\n' || c == '\r' || c == '\0' ? ' ' : c;
  }
  return out;
}

std::string quoted(std::string_view text) {
  return "\"" + escaped(text) + "\"";
}

std::string label_text(std::string_view text) {
  std::string out;
  for (const char c : escaped(text)) out += c == '&' ? "&amp;" : std::string(1, c);
  return out;
}

std::string node(const Picture& picture, std::size_t index) {
  const Box& box = picture.boxes[index];
  const Label label =
      label_of(box, shows_networks(picture) && only_network(box).empty() ? NetworkLine::Yes : NetworkLine::No);
  std::string text = label_text(label.title);
  for (const std::string& line : label.lines) text += "\\n" + label_text(line);
  return fmt::format("{} [label=\"{}\"{}];\n", quoted(box.name), text,
                     box.enabled ? "" : ", style=\"rounded,dashed\", fontcolor=gray40");
}

std::string edge(const Link& link, const Picture& picture) {
  std::string text;
  if (link.condition == model::DependencyCondition::Healthy) text = "healthy";
  if (link.condition == model::DependencyCondition::CompletedSuccessfully) text = "completed";
  if (link.restart) text += text.empty() ? "restart" : ", restart";
  std::string attributes;
  if (!text.empty()) attributes = "label=" + quoted(text);
  if (!link.required) attributes += attributes.empty() ? "style=dashed" : ", style=dashed";
  return fmt::format("  {} -> {}{};\n", quoted(picture.boxes[link.from].name), quoted(picture.boxes[link.to].name),
                     attributes.empty() ? "" : " [" + attributes + "]");
}

}  // namespace

std::string draw_dot(const Picture& picture) {
  std::string out = "digraph " + quoted(picture.project) +
                    " {\n  rankdir=TB;\n  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n"
                    "  edge [fontname=\"sans-serif\", fontsize=10];\n";
  const Frames frames = frames_of(picture);
  for (std::size_t i = 0; i < frames.networks.size(); ++i) {
    out += fmt::format("  subgraph cluster_{} {{\n    label={};\n", i, quoted("network " + frames.networks[i].key));
    for (const std::size_t box : frames.networks[i].boxes) out += "    " + node(picture, box);
    out += "  }\n";
  }
  for (const std::size_t box : frames.outside) out += "  " + node(picture, box);
  for (const Link& link : picture.links) out += edge(link, picture);
  return out + "}\n";
}

}  // namespace davit::picture
