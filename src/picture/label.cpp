#include "label.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace davit::picture {
namespace {

constexpr std::size_t kMostPorts = 3;
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

/// Controls of terminals, and marks that turn the direction of text, would reach beyond the label.
bool is_hostile(char32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x200E || code == 0x200F ||
         (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069) || code == 0xFFFD;
}

std::string harmless(std::string_view text) {
  std::string out;
  for (const Character& c : characters(text)) out += is_hostile(c.code) ? kReplacement : c.bytes;
  return out;
}

std::string ports_line(const std::vector<Port>& ports) {
  std::string out;
  for (std::size_t i = 0; i < ports.size() && i < kMostPorts; ++i)
    out += (i == 0 ? "" : ", ") + ports[i].outside + "→" + ports[i].inside;
  return ports.size() > kMostPorts ? out + fmt::format(", {} more", ports.size() - kMostPorts) : out;
}

std::string source_line(const Box& box) {
  if (!box.provider.empty()) return "provider " + box.provider;
  if (box.build.empty()) return box.image;
  return "build " + box.build + (box.image.empty() ? "" : " → " + box.image);
}

std::string network_line(const Box& box, NetworkLine networks) {
  if (box.network_mode.starts_with("service:")) return "network of " + box.network_mode.substr(8);
  if (!box.network_mode.empty()) return "network " + box.network_mode;
  return networks == NetworkLine::Yes && !box.networks.empty() ? fmt::format("on {}", fmt::join(box.networks, ", "))
                                                               : "";
}

}  // namespace

std::string clipped(std::string_view text, std::size_t columns) {
  if (text_width(text) <= columns) return std::string(text);
  std::string out;
  std::size_t width = 1;  // of the mark
  for (const Character& c : characters(text)) {
    width += text_width(c);
    if (width > columns) break;
    out += c.bytes;
  }
  return columns == 0 ? out : out + "…";
}

bool shows_networks(const Picture& picture) {
  return std::any_of(picture.boxes.begin(), picture.boxes.end(), [](const Box& box) {
    return std::any_of(box.networks.begin(), box.networks.end(), [](const auto& key) { return key != "default"; });
  });
}

Label label_of(const Box& box, NetworkLine networks) {
  Label label{harmless(box.name) + (box.replicas == 1 ? "" : fmt::format(" ×{}", box.replicas)), {}};
  const std::string profiles =
      box.profiles.empty()
          ? ""
          : fmt::format("{} {}", box.profiles.size() == 1 ? "profile" : "profiles", fmt::join(box.profiles, ", "));
  for (const std::string& line : {source_line(box), ports_line(box.ports), network_line(box, networks), profiles})
    if (!line.empty()) label.lines.push_back(harmless(line));
  return label;
}

std::vector<std::string> network_notes(const Picture& picture) {
  std::vector<std::string> out;
  for (const Network& network : picture.networks) {
    const char* const kind = network.external ? " (external)" : network.internal ? " (internal)" : "";
    out.push_back(harmless(network.key) + kind);
  }
  return out;
}

std::string only_network(const Box& box) {
  return box.networks.size() == 1 ? box.networks.front() : std::string();
}

}  // namespace davit::picture
