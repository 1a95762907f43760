#include "terminal_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "canvas.hpp"
#include "davit/base/suggest.hpp"

namespace davit::picture {
namespace {

/// By the sum of the arms; what no drawing has is blank.
constexpr std::array<std::string_view, 16> kLines{" ", "│", "│", "│", "─", "┘", "┐", "┤",
                                                  "─", "└", "┌", "├", "─", "┴", "┬", "┼"};
constexpr std::array<std::string_view, 16> kAsciiLines{" ", "|", "|", "|", "-", "+", "+", "+",
                                                       "-", "+", "+", "+", "-", "+", "+", "+"};

struct Substitute {
  std::string_view from;
  std::string_view to;
};
constexpr std::array<Substitute, 3> kSubstitutes{{{"→", "->"}, {"×", "x"}, {"…", "~"}}};

/// Words with blanks between them, in lines of at most so many columns.
std::vector<std::string> wrapped(const std::vector<std::string>& words, std::string_view between, std::size_t columns) {
  std::vector<std::string> lines;
  for (const std::string& word : words) {
    const bool fits = !lines.empty() && text_width(lines.back()) + between.size() + text_width(word) <= columns;
    if (fits)
      lines.back() += std::string(between) + word;
    else
      lines.push_back(clipped(word, columns));
  }
  return lines;
}

std::size_t waves(const Picture& picture) {
  std::size_t count = 0;
  for (const Box& box : picture.boxes) count = std::max(count, box.level + 1);
  return count;
}

class List {
 public:
  List(const Picture& picture, const TerminalOptions& options)
      : picture_(picture), options_(options), words_(options.glyphs), canvas_(options.columns) {}

  std::string draw() {
    std::vector<std::vector<const Link*>> needs(picture_.boxes.size());
    for (const Link& link : picture_.links) needs[link.from].push_back(&link);
    for (std::size_t wave = 0; wave < waves(picture_); ++wave) {
      line(0, fmt::format("wave {}", wave + 1), Style::Faint);
      for (std::size_t i = 0; i < picture_.boxes.size(); ++i)
        if (picture_.boxes[i].level == wave) service(picture_.boxes[i], needs[i]);
    }
    return heading(picture_, options_) + canvas_.lines(options_.colours) +
           footing(picture_, marks_, options_, Arrows::No);
  }

 private:
  void line(std::size_t indent, const std::string& text, Style style) {
    canvas_.text(indent, canvas_.rows(), clipped(text, options_.columns - indent), style);
  }

  void service(const Box& box, const std::vector<const Link*>& needs) {
    const NetworkLine networks = shows_networks(picture_) ? NetworkLine::Yes : NetworkLine::No;
    const Label label = words_.of(label_of(box, networks));
    const std::size_t y = canvas_.rows();
    const std::string title = clipped(label.title, options_.columns - 2);
    canvas_.text(2, y, title, box.enabled ? Style::Strong : Style::Faint);
    std::vector<std::string> details = label.lines;
    if (!box.enabled) details.emplace_back("not enabled");
    const std::size_t used = 2 + text_width(title) + 2;
    const std::string rest = fmt::format("{}", fmt::join(details, "  "));
    if (used + text_width(rest) <= options_.columns) {
      canvas_.text(used, y, rest, Style::Faint);
    } else {
      for (const std::string& part : wrapped(details, "  ", options_.columns - 4)) line(4, part, Style::Faint);
    }
    std::vector<std::string> names;
    for (const Link* link : needs) names.push_back(needed(*link));
    if (names.empty()) return;
    for (std::size_t i = 0; i + 1 < names.size(); ++i) names[i] += ",";
    names.front() = "needs " + names.front();
    for (const std::string& part : wrapped(names, " ", options_.columns - 4)) line(4, part, Style::Plain);
  }

  std::string needed(const Link& link) {
    std::string text = label_of(picture_.boxes[link.to], NetworkLine::No).title;
    for (const Mark mark : marks_of(link)) {
      text += " " + std::string(words_.mark(mark));
      marks_.insert(mark);
    }
    return text;
  }

  const Picture& picture_;
  const TerminalOptions& options_;
  Words words_;
  Canvas canvas_;
  std::set<Mark> marks_;
};

}  // namespace

std::vector<Mark> marks_of(const Link& link) {
  std::vector<Mark> out;
  if (link.condition == model::DependencyCondition::Healthy) out.push_back(Mark::Healthy);
  if (link.condition == model::DependencyCondition::CompletedSuccessfully) out.push_back(Mark::Completed);
  if (!link.required) out.push_back(Mark::Optional);
  if (link.restart) out.push_back(Mark::Restart);
  return out;
}

std::string_view Words::line(unsigned arms) const {
  return ascii_ ? kAsciiLines.at(arms) : kLines.at(arms);
}

std::string_view Words::side(unsigned arms, bool solid) const {
  if (solid) return line(arms);
  if (ascii_) return (arms & Up) != 0 ? ":" : ".";
  return (arms & Up) != 0 ? "┊" : "┄";
}

std::string_view Words::mark(Mark mark) const {
  switch (mark) {
    case Mark::Healthy:
      return ascii_ ? "h" : "♥";
    case Mark::Completed:
      return ascii_ ? "c" : "✓";
    case Mark::Optional:
      return "?";
    case Mark::Restart:
      return ascii_ ? "r" : "↻";
  }
  return {};
}

std::string_view Words::meaning(Mark mark) const {
  switch (mark) {
    case Mark::Healthy:
      return "when healthy";
    case Mark::Completed:
      return "when completed";
    case Mark::Optional:
      return "optional";
    case Mark::Restart:
      return "restarts with it";
  }
  return {};
}

std::string Words::of(std::string text) const {
  if (!ascii_) return text;
  for (const auto& [from, to] : kSubstitutes)
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
      text.replace(at, from.size(), to);
  std::string out;
  for (const Character& c : characters(text)) out += c.code < 0x80 ? c.bytes : std::string_view("?");
  return out;
}

Label Words::of(Label label) const {
  label.title = of(std::move(label.title));
  for (std::string& line : label.lines) line = of(std::move(line));
  return label;
}

std::string heading(const Picture& picture, const TerminalOptions& options) {
  const std::string summary = counted(picture.boxes.size(), "service");
  const std::size_t count = waves(picture);
  const std::string order = count > 1 ? fmt::format(" in {} waves", count) : "";
  return clipped(picture.project + ": " + summary + order, options.columns) + (picture.boxes.empty() ? "\n" : "\n\n");
}

std::string footing(const Picture& picture, const std::set<Mark>& marks, const TerminalOptions& options,
                    Arrows arrows) {
  const Words words(options.glyphs);
  std::string out;
  if (shows_networks(picture)) {
    std::vector<std::string> notes = network_notes(picture);
    for (std::size_t i = 0; i + 1 < notes.size(); ++i) notes[i] += ",";
    if (!notes.empty()) notes.front() = (notes.size() == 1 ? "network " : "networks ") + notes.front();
    for (const std::string& line : wrapped(notes, " ", options.columns)) out += words.of(line) + "\n";
  }
  std::vector<std::string> meanings;
  if (arrows == Arrows::Drawn && !picture.links.empty()) meanings.push_back(std::string(words.arrow()) + " needs");
  for (const Mark mark : marks) meanings.push_back(fmt::format("{} {}", words.mark(mark), words.meaning(mark)));
  for (const std::string& line : wrapped(meanings, "   ", options.columns)) out += line + "\n";
  return out.empty() ? out : "\n" + out;
}

std::string draw_list(const Picture& picture, const TerminalOptions& options) {
  return List(picture, options).draw();
}

}  // namespace davit::picture
