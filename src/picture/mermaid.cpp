// Mermaid flowcharts. Nodes have names of our own (s0, s1, …), because words such as "end" mean something to Mermaid;
// labels are in quotes, and what could end them or be taken for HTML or Markdown is written as an entity.

#include <fmt/format.h>

#include <cctype>

#include "davit/picture/draw.hpp"
#include "frames.hpp"
#include "label.hpp"

namespace davit::picture {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const Character& c : characters(text)) {
    const bool plain = c.code >= 0x80 || std::isalnum(static_cast<int>(c.code)) != 0 ||
                       std::string_view(" .,:/-_()+=@").find(static_cast<char>(c.code)) != std::string_view::npos;
    out += plain ? std::string(c.bytes) : fmt::format("#{};", static_cast<std::uint32_t>(c.code));
  }
  return out;
}

std::string node(const Picture& picture, std::size_t index) {
  const Box& box = picture.boxes[index];
  const Label label =
      label_of(box, shows_networks(picture) && only_network(box).empty() ? NetworkLine::Yes : NetworkLine::No);
  std::string text = escaped(label.title);
  for (const std::string& line : label.lines) text += "<br/>" + escaped(line);
  return fmt::format("s{}[\"{}\"]{}\n", index, text, box.enabled ? "" : ":::inactive");
}

std::string_view word(model::DependencyCondition condition) {
  switch (condition) {
    case model::DependencyCondition::Started:
      return "";
    case model::DependencyCondition::Healthy:
      return "healthy";
    case model::DependencyCondition::CompletedSuccessfully:
      return "completed";
  }
  return {};
}

std::string edge(const Link& link) {
  std::string text(word(link.condition));
  if (!link.required) text += text.empty() ? "optional" : ", optional";
  if (link.restart) text += text.empty() ? "restart" : ", restart";
  const std::string_view line = link.required ? "-->" : "-.->";
  return text.empty() ? fmt::format("  s{} {} s{}\n", link.from, line, link.to)
                      : fmt::format("  s{} {}|{}| s{}\n", link.from, line, text, link.to);
}

}  // namespace

std::string draw_mermaid(const Picture& picture) {
  std::string out = "flowchart TD\n";
  const Frames frames = frames_of(picture);
  for (std::size_t i = 0; i < frames.networks.size(); ++i) {
    out += fmt::format("  subgraph n{}[\"network {}\"]\n", i, escaped(frames.networks[i].key));
    for (const std::size_t box : frames.networks[i].boxes) out += "    " + node(picture, box);
    out += "  end\n";
  }
  for (const std::size_t box : frames.outside) out += "  " + node(picture, box);
  for (const Link& link : picture.links) out += edge(link);
  for (const Box& box : picture.boxes)
    if (!box.enabled) return out + "  classDef inactive stroke-dasharray: 4 3,opacity:0.6\n";
  return out;
}

}  // namespace davit::picture
