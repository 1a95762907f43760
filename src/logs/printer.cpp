#include "davit/logs/printer.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace davit::logs {
namespace {

// docker compose: cyan, yellow, green, magenta, blue, then the same intense.
constexpr std::array<std::string_view, 10> kColours{"\x1b[36m",   "\x1b[33m",   "\x1b[32m",   "\x1b[35m",
                                                    "\x1b[34m",   "\x1b[36;1m", "\x1b[33;1m", "\x1b[32;1m",
                                                    "\x1b[35;1m", "\x1b[34;1m"};

}  // namespace

std::string_view log_colour(std::size_t source) {
  return kColours[source % kColours.size()];
}

std::size_t LinePrinter::add(std::string name) {
  names_.push_back(std::move(name));
  prefixes_.emplace_back();
  width_ = std::max(width_, names_.back().size() + 1);
  rebuild();
  return names_.size() - 1;
}

void LinePrinter::rebuild() {
  if (!options_.prefix) return;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    std::string text = names_[i];
    text.append(width_ - text.size(), ' ').append(" | ");
    if (options_.colour) text = std::string(log_colour(i)) + text + std::string(kColourOff);
    prefixes_[i] = std::move(text);
  }
}

void LinePrinter::print(std::size_t source, const Line& line, std::string& out) const {
  out.append(prefixes_[source]);
  if (options_.timestamps && !line.time.empty()) out.append(line.time).push_back(' ');
  out.append(line.text).push_back('\n');
}

void LinePrinter::print_note(std::size_t source, std::string_view text, std::string& out) const {
  if (options_.colour) out.append(log_colour(source));
  out.append(names_.at(source)).append(" ").append(text);
  if (options_.colour) out.append(kColourOff);
  out.push_back('\n');
}

}  // namespace davit::logs
