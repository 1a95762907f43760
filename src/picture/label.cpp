#include "label.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace davit::picture {
namespace {

constexpr std::size_t kMostPorts = 3;
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

/// How many bytes the character takes that begins with this one; 0 if none does.
std::size_t length_of(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first < 0xE0) return 2;
  if (first >= 0xE0 && first < 0xF0) return 3;
  return first >= 0xF0 && first < 0xF5 ? 4 : 0;
}

Character character_at(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  const std::size_t length = length_of(first);
  if (length == 0 || length > text.size()) return {text.substr(0, 1), 0xFFFD};
  char32_t code = length == 1 ? first : first & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0U) != 0x80) return {text.substr(0, 1), 0xFFFD};
    code = code << 6U | (next & 0x3FU);
  }
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (surrogate || code > 0x10FFFF) return {text.substr(0, 1), 0xFFFD};
  return {text.substr(0, length), code};
}

struct Range {
  char32_t first;
  char32_t last;
};

template <std::size_t N>
bool is_in(char32_t code, const std::array<Range, N>& ranges) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [code](const Range& r) { return code >= r.first && code <= r.last; });
}

/// UAX #11: the blocks that are wide as a whole, and pictures.
constexpr std::array<Range, 12> kWide{{{0x1100, 0x115F},
                                       {0x2E80, 0x303E},
                                       {0x3041, 0x33FF},
                                       {0x3400, 0x4DBF},
                                       {0x4E00, 0x9FFF},
                                       {0xA000, 0xA4CF},
                                       {0xAC00, 0xD7A3},
                                       {0xF900, 0xFAFF},
                                       {0xFE30, 0xFE6F},
                                       {0xFF00, 0xFF60},
                                       {0x1F300, 0x1FAFF},
                                       {0x20000, 0x3FFFD}}};
constexpr std::array<Range, 7> kCombining{{{0x300, 0x36F},
                                           {0x483, 0x489},
                                           {0x591, 0x5BD},
                                           {0x200B, 0x200F},
                                           {0x20D0, 0x20FF},
                                           {0xFE00, 0xFE0F},
                                           {0xFE20, 0xFE2F}}};

std::size_t width_of(char32_t code) {
  if (is_in(code, kCombining)) return 0;
  return is_in(code, kWide) ? 2 : 1;
}

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

std::vector<Character> characters(std::string_view text) {
  std::vector<Character> out;
  while (!text.empty()) {
    out.push_back(character_at(text));
    text.remove_prefix(out.back().bytes.size());
  }
  return out;
}

std::size_t text_width(std::string_view text) {
  std::size_t width = 0;
  for (const Character& c : characters(text)) width += width_of(c.code);
  return width;
}

std::string clipped(std::string_view text, std::size_t columns) {
  if (text_width(text) <= columns) return std::string(text);
  std::string out;
  std::size_t width = 1;  // of the mark
  for (const Character& c : characters(text)) {
    width += width_of(c.code);
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
