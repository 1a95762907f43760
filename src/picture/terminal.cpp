// Boxes in rows, drawn with characters. What does not fit is told as a list.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "canvas.hpp"
#include "channel.hpp"
#include "label.hpp"
#include "layers.hpp"
#include "terminal_words.hpp"

namespace davit::picture {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kFrame = 4;  ///< a line and a blank at each side of a label
constexpr std::array<std::size_t, 3> kLongestTexts{40, 26, 16};

struct Drawn {
  Label label;
  std::size_t width = 0;
};

/// A column in which a line leaves a box, and what is said about it there.
struct Port {
  std::size_t column = 0;
  std::vector<Mark> marks;
};

class BoxDrawing {
 public:
  BoxDrawing(const Picture& picture, const TerminalOptions& options, std::size_t longest)
      : picture_(picture), options_(options), words_(options.glyphs), canvas_(options.columns) {
    for (const Link& link : picture.links) {
      ++outgoing_[link.from];
      links_[{link.from, link.to}] = &link;
    }
    const NetworkLine networks = shows_networks(picture) ? NetworkLine::Yes : NetworkLine::No;
    for (std::size_t i = 0; i < picture.boxes.size(); ++i) boxes_.push_back(drawn(i, networks, longest));
  }

  /// False when it does not fit.
  bool draw() {
    if (is_hopeless()) return false;
    layers_ = make_layers(picture_);
    if (!place_rows()) return false;
    for (std::size_t row = 0; row < layers_.rows.size(); ++row) {
      draw_row(row);
      if (row + 1 < layers_.rows.size() && !draw_channel(row)) return false;
    }
    draw_loners();
    return true;
  }

  [[nodiscard]] std::string lines() const { return canvas_.lines(options_.colours); }
  [[nodiscard]] const std::set<Mark>& marks() const { return marks_; }

 private:
  Drawn drawn(std::size_t index, NetworkLine networks, std::size_t longest) {
    Drawn out{words_.of(label_of(picture_.boxes[index], networks)), 0};
    out.label.title = clipped(out.label.title, kLongestTexts.front());  // a shorter name would tell too little
    std::size_t widest = text_width(out.label.title);
    for (std::string& line : out.label.lines) {
      line = clipped(line, longest);
      widest = std::max(widest, text_width(line));
    }
    out.width = std::max(widest + kFrame, 2 * outgoing_[index] + 3);
    return out;
  }

  /// So many boxes in a row that nobody need look closer.
  [[nodiscard]] bool is_hopeless() const {
    std::map<std::size_t, std::size_t> widths;
    for (std::size_t i = 0; i < boxes_.size(); ++i) {
      if (boxes_[i].width > options_.columns) return true;
      const bool linked = std::any_of(picture_.links.begin(), picture_.links.end(),
                                      [i](const Link& link) { return link.from == i || link.to == i; });
      if (linked && (widths[picture_.boxes[i].level] += boxes_[i].width + kGap) > options_.columns + kGap) return true;
    }
    return false;
  }

  [[nodiscard]] std::size_t width(const Item& item) const { return item.lane ? 1 : boxes_[item.box].width; }

  bool place_rows() {
    Sizes sizes{{}, static_cast<int>(kGap), static_cast<int>(options_.columns)};
    for (const auto& row : layers_.rows) {
      sizes.widths.emplace_back();
      for (const Item& item : row) sizes.widths.back().push_back(static_cast<int>(width(item)));
    }
    if (needed_width(sizes) > sizes.limit) return false;
    const auto places = place(layers_, sizes);
    for (std::size_t row = 0; row < places.size(); ++row) {
      left_.emplace_back(places[row].begin(), places[row].end());
      if (!left_[row].empty() && left_[row].back() + width(layers_.rows[row].back()) > options_.columns) return false;
    }
    return true;
  }

  [[nodiscard]] std::size_t height(const std::vector<std::size_t>& boxes) const {
    std::size_t lines = 0;
    for (const std::size_t box : boxes) lines = std::max(lines, boxes_[box].label.lines.size());
    return lines + 3;
  }

  void draw_row(std::size_t row) {
    const auto& items = layers_.rows[row];
    std::vector<std::size_t> boxes;
    for (const Item& item : items)
      if (!item.lane) boxes.push_back(item.box);
    const std::size_t top = canvas_.rows();
    const std::size_t high = height(boxes);
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (!items[i].lane) {
        draw_box(items[i].box, left_[row][i], top, high);
        continue;
      }
      for (std::size_t y = top; y < top + high; ++y) canvas_.put(left_[row][i], y, words_.line(Up | Down));
    }
  }

  void draw_box(std::size_t index, std::size_t x, std::size_t y, std::size_t high) {
    const Drawn& box = boxes_[index];
    const Style edge = picture_.boxes[index].enabled ? Style::Plain : Style::Faint;
    const std::size_t right = x + box.width - 1;
    const std::size_t bottom = y + high - 1;
    const bool solid = picture_.boxes[index].enabled;
    for (std::size_t at = x + 1; at < right; ++at) {
      canvas_.put(at, y, words_.side(Left | Right, solid), edge);
      canvas_.put(at, bottom, words_.side(Left | Right, solid), edge);
    }
    for (std::size_t at = y + 1; at < bottom; ++at) {
      canvas_.put(x, at, words_.side(Up | Down, solid), edge);
      canvas_.put(right, at, words_.side(Up | Down, solid), edge);
    }
    canvas_.put(x, y, words_.line(Down | Right), edge);
    canvas_.put(right, y, words_.line(Down | Left), edge);
    canvas_.put(x, bottom, words_.line(Up | Right), edge);
    canvas_.put(right, bottom, words_.line(Up | Left), edge);
    canvas_.text(x + 2, y + 1, box.label.title, solid ? Style::Strong : Style::Faint);
    for (std::size_t i = 0; i < box.label.lines.size(); ++i)
      canvas_.text(x + 2, y + 2 + i, box.label.lines[i], Style::Faint);
  }

  // --- Between two rows ----------------------------------------------------------------------------------------------

  [[nodiscard]] std::size_t centre(std::size_t row, std::size_t item) const {
    return left_[row][item] + width(layers_.rows[row][item]) / 2;
  }
  [[nodiscard]] bool is_inside(std::size_t row, std::size_t item, std::size_t column) const {
    const std::size_t left = left_[row][item];
    const std::size_t wide = width(layers_.rows[row][item]);
    return wide == 1 ? column == left : column > left && column + 1 < left + wide;
  }

  /// The columns in which the lines of a row leave it, by step. Those of a box are spread over its lower side.
  [[nodiscard]] std::vector<Port> ports(std::size_t row) const {
    const auto& steps = layers_.steps[row];
    std::vector<std::vector<std::size_t>> of_item(layers_.rows[row].size());
    for (std::size_t i = 0; i < steps.size(); ++i) of_item[steps[i].upper].push_back(i);
    std::vector<Port> out(steps.size());
    for (std::size_t item = 0; item < of_item.size(); ++item) {
      auto& own = of_item[item];
      std::stable_sort(own.begin(), own.end(), [&](std::size_t a, std::size_t b) {
        return centre(row + 1, steps[a].lower) < centre(row + 1, steps[b].lower);
      });
      const std::size_t wide = width(layers_.rows[row][item]);
      for (std::size_t i = 0; i < own.size(); ++i) {
        const std::size_t spread = left_[row][item] + (wide == 1 ? 0 : 1 + (i + 1) * (wide - 2) / (own.size() + 1));
        const std::size_t straight = centre(row + 1, steps[own[i]].lower);
        out[own[i]].column = own.size() == 1 && is_inside(row, item, straight) ? straight : spread;
        out[own[i]].marks = marks_of(layers_.rows[row][item], layers_.rows[row + 1][steps[own[i]].lower].box);
      }
    }
    return out;
  }

  [[nodiscard]] std::vector<Mark> marks_of(const Item& from, std::size_t to) const {
    if (from.lane) return {};
    return picture::marks_of(*links_.at({from.box, to}));
  }

  /// Straight down if that is possible, else near the middle of the box, in a column that no other line comes down in.
  [[nodiscard]] std::size_t goes_on(std::size_t row, std::size_t item, const std::vector<std::size_t>& from,
                                    const std::vector<Port>& all) const {
    if (from.size() == 1 && is_inside(row, item, from.front())) return from.front();
    const std::size_t middle = centre(row, item);
    for (std::size_t away = 0; away <= width(layers_.rows[row][item]); ++away)
      for (const std::size_t column : {middle + away, middle - std::min(away, middle)}) {
        const bool foreign = std::find(from.begin(), from.end(), column) == from.end();
        const bool taken = foreign && std::any_of(all.begin(), all.end(),
                                                  [column](const Port& port) { return port.column == column; });
        if (is_inside(row, item, column) && !taken) return column;
      }
    return middle;
  }

  bool draw_channel(std::size_t row) {
    const auto& steps = layers_.steps[row];
    const std::vector<Port> leaving = ports(row);
    std::map<std::size_t, Net> by_item;
    std::size_t most_marks = 0;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      by_item[steps[i].lower].from.push_back(leaving[i].column);
      most_marks = std::max(most_marks, leaving[i].marks.size());
    }
    std::vector<Net> nets;
    std::vector<std::size_t> items;
    for (auto& [item, net] : by_item) {
      net.to = goes_on(row + 1, item, net.from, leaving);
      items.push_back(item);
      nets.push_back(std::move(net));
    }
    const auto tracks = route(nets);
    if (!tracks) return false;
    const std::size_t top = canvas_.rows();
    const std::size_t first_track = top + std::max<std::size_t>(most_marks, 1);
    const std::size_t arrows = first_track + *tracks;
    for (const Net& net : nets) draw_sideways(net, first_track);
    for (std::size_t i = 0; i < nets.size(); ++i) {
      draw_down(nets[i], top, first_track, arrows);
      const bool lane = layers_.rows[row + 1][items[i]].lane;
      canvas_.put(nets[i].to, arrows, lane ? words_.line(Up | Down) : words_.arrow());
    }
    for (const Port& port : leaving) {
      for (std::size_t i = 0; i < port.marks.size(); ++i) {
        canvas_.put(port.column, top + i, words_.mark(port.marks[i]), Style::Mark);
        marks_.insert(port.marks[i]);
      }
    }
    return true;
  }

  void draw_sideways(const Net& net, std::size_t first_track) {
    if (!net.track) return;
    for (std::size_t x = net.first(); x <= net.last(); ++x)
      canvas_.put(x, first_track + *net.track, words_.line(Left | Right));
  }

  /// After all that goes sideways: a line down crosses it without a gap of its own.
  void draw_down(const Net& net, std::size_t top, std::size_t first_track, std::size_t arrows) {
    const std::size_t turn = net.track ? first_track + *net.track : arrows;
    for (const std::size_t column : net.from)
      for (std::size_t y = top; y < turn; ++y) canvas_.put(column, y, words_.line(Up | Down));
    if (!net.track) return;
    for (std::size_t y = turn + 1; y < arrows; ++y) canvas_.put(net.to, y, words_.line(Up | Down));
    for (std::size_t x = net.first(); x <= net.last(); ++x) {
      const bool from = std::find(net.from.begin(), net.from.end(), x) != net.from.end();
      if (!from && x != net.to) continue;
      const unsigned arms =
          (from ? Up : 0U) | (x == net.to ? Down : 0U) | (x > net.first() ? Left : 0U) | (x < net.last() ? Right : 0U);
      canvas_.put(x, turn, words_.line(arms));
    }
  }

  /// What has no line, in rows as full as can be.
  void draw_loners() {
    for (std::size_t begin = 0; begin < layers_.loners.size();) {
      if (canvas_.rows() > 0) canvas_.put(0, canvas_.rows(), " ");
      std::vector<std::size_t> row;
      std::size_t used = 0;
      for (; begin < layers_.loners.size(); ++begin) {
        const std::size_t box = layers_.loners[begin];
        if (!row.empty() && used + boxes_[box].width > options_.columns) break;
        row.push_back(box);
        used += boxes_[box].width + kGap;
      }
      const std::size_t top = canvas_.rows();
      std::size_t x = 0;
      for (const std::size_t box : row) {
        draw_box(box, x, top, height(row));
        x += boxes_[box].width + kGap;
      }
    }
  }

  const Picture& picture_;
  const TerminalOptions& options_;
  Words words_;
  Canvas canvas_;
  std::map<std::size_t, std::size_t> outgoing_;
  std::map<std::pair<std::size_t, std::size_t>, const Link*> links_;
  std::vector<Drawn> boxes_;
  Layers layers_;
  std::vector<std::vector<std::size_t>> left_;
  std::set<Mark> marks_;
};

}  // namespace

std::string draw_terminal(const Picture& picture, const TerminalOptions& given) {
  TerminalOptions options = given;
  options.columns = std::max<std::size_t>(options.columns, 20);
  if (picture.boxes.empty()) return draw_list(picture, options);
  for (const std::size_t longest : kLongestTexts) {
    BoxDrawing drawing(picture, options, longest);
    if (drawing.draw())
      return heading(picture, options) + drawing.lines() + footing(picture, drawing.marks(), options, Arrows::Drawn);
  }
  return draw_list(picture, options);
}

}  // namespace davit::picture
