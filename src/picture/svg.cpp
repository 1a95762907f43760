// SVG 1.1 with a style sheet inside, so that it follows light and dark pages.

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "davit/picture/draw.hpp"
#include "label.hpp"
#include "layers.hpp"

namespace davit::picture {
namespace {

constexpr double kLetter = 7.8;  ///< width of a letter of the fixed-width font at 13 pixels
constexpr int kLine = 17;
constexpr int kPadding = 12;
constexpr int kGap = 28;
constexpr int kBetweenRows = 64;
constexpr int kMargin = 20;
constexpr std::size_t kLongest = 44;
constexpr int kLonersWidth = 900;

constexpr std::string_view kStyle = R"(<style>
svg { font: 13px ui-monospace, Menlo, Consolas, monospace; background: #fff }
text { fill: #1f2328 } .faint { fill: #59636e } .name { font-weight: bold }
rect { fill: #f6f8fa; stroke: #59636e } .off rect { stroke-dasharray: 4 3; opacity: .7 } .off text { opacity: .7 }
path { fill: none; stroke: #59636e; stroke-width: 1.4 } .healthy { stroke: #1a7f37 } .completed { stroke: #0969da }
.optional { stroke-dasharray: 5 4 } marker path { fill: #59636e; stroke: none }
@media (prefers-color-scheme: dark) {
svg { background: #0d1117 } text { fill: #f0f6fc } .faint { fill: #9198a1 } rect { fill: #151b23; stroke: #9198a1 }
path { stroke: #9198a1 } .healthy { stroke: #3fb950 } .completed { stroke: #4493f8 } marker path { fill: #9198a1 }
}
</style>
)";

std::string escaped(std::string_view text) {
  std::string out;
  for (const Character& c : characters(text)) {
    switch (c.code) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      // No other control character and no lone surrogate may stand in XML (XML 1.0, 2.2).
      default:
        out += c.code < 0x20 || c.code == 0xFFFD || c.code == 0xFFFE || c.code == 0xFFFF ? "\xEF\xBF\xBD" : c.bytes;
    }
  }
  return out;
}

int pixels(const std::string& text) {
  return static_cast<int>(static_cast<double>(text_width(text)) * kLetter + 0.5);
}

struct Drawn {
  Label label;
  int width = 0;
  int height = 0;
};

class Document {
 public:
  explicit Document(const Picture& picture) : picture_(picture), layers_(make_layers(picture)) {
    for (const Link& link : picture.links) ++outgoing_[link.from];
    const NetworkLine networks = shows_networks(picture) ? NetworkLine::Yes : NetworkLine::No;
    for (const Box& box : picture.boxes) boxes_.push_back(drawn(label_of(box, networks)));
  }

  std::string draw() {
    place_rows();
    draw_links();
    for (std::size_t row = 0; row < layers_.rows.size(); ++row)
      for (std::size_t i = 0; i < layers_.rows[row].size(); ++i)
        if (!layers_.rows[row][i].lane) draw_box(layers_.rows[row][i].box, left_[row][i], top_[row]);
    draw_loners();
    draw_legend();
    const int width = width_ + kMargin;
    const int height = bottom_ + kMargin;
    return fmt::format(
               "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\">\n"
               "<title>{2}</title>\n",
               width, height, escaped(picture_.project)) +
           std::string(kStyle) +
           "<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" "
           "orient=\"auto\"><path d=\"M0 0L8 4L0 8Z\"/></marker></defs>\n" +
           body_ + "</svg>\n";
  }

 private:
  static Drawn drawn(Label label) {
    Drawn out;
    label.title = clipped(label.title, kLongest);
    int widest = pixels(label.title);
    for (std::string& line : label.lines) {
      line = clipped(line, kLongest);
      widest = std::max(widest, pixels(line));
    }
    out.width = widest + 2 * kPadding;
    out.height = kLine * static_cast<int>(label.lines.size() + 1) + kPadding;
    out.label = std::move(label);
    return out;
  }

  [[nodiscard]] int width(const Item& item) const { return item.lane ? 2 : boxes_[item.box].width; }

  void place_rows() {
    Sizes sizes{{}, kGap, 0};
    for (const auto& row : layers_.rows) {
      sizes.widths.emplace_back();
      for (const Item& item : row) sizes.widths.back().push_back(width(item));
    }
    int y = kMargin;
    left_ = place(layers_, sizes);
    for (std::size_t row = 0; row < left_.size(); ++row) {
      int high = 0;
      for (std::size_t i = 0; i < left_[row].size(); ++i) {
        left_[row][i] += kMargin;
        place_[{row, layers_.rows[row][i].box}] = i;
        width_ = std::max(width_, left_[row][i] + width(layers_.rows[row][i]));
        if (!layers_.rows[row][i].lane) {
          high = std::max(high, boxes_[layers_.rows[row][i].box].height);
          row_[layers_.rows[row][i].box] = row;
        }
      }
      top_.push_back(y);
      high_.push_back(high);
      y += high + kBetweenRows;
    }
    bottom_ = left_.empty() ? kMargin : y - kBetweenRows;
  }

  void draw_links() {
    std::map<std::size_t, std::size_t> drawn;  // of each box, so far
    for (const Link* link : in_order()) {
      const std::size_t row = row_.at(link->from);
      const Drawn& from = boxes_[link->from];
      const int step = from.width / (static_cast<int>(outgoing_.at(link->from)) + 1);
      const int x = left_[row][place_.at({row, link->from})] + step * static_cast<int>(++drawn[link->from]);
      draw_link(*link, row, x, top_[row] + from.height);
    }
  }

  /// So that the lines of a box leave it in the order in which they arrive.
  [[nodiscard]] std::vector<const Link*> in_order() const {
    std::vector<const Link*> out;
    for (const Link& link : picture_.links) out.push_back(&link);
    const auto towards = [this](const Link* link) {
      const std::size_t next = row_.at(link->from) + 1;
      const std::size_t item = place_.at({next, link->to});
      return left_[next][item] + width(layers_.rows[next][item]) / 2;
    };
    std::stable_sort(out.begin(), out.end(), [&](const Link* a, const Link* b) {
      return a->from != b->from ? a->from < b->from : towards(a) < towards(b);
    });
    return out;
  }

  void draw_link(const Link& link, std::size_t row, int x, int y) {
    std::string path = fmt::format("M{} {}", x, y);
    for (std::size_t next = row + 1;; ++next) {
      const std::size_t item = place_.at({next, link.to});
      const int to = left_[next][item] + width(layers_.rows[next][item]) / 2;
      const int middle = (y + top_[next]) / 2;
      path += fmt::format("C{} {} {} {} {} {}", x, middle, to, middle, to, top_[next]);
      x = to;
      if (!layers_.rows[next][item].lane) break;
      y = top_[next] + high_[next];
      path += fmt::format("V{}", y);
    }
    const std::string says = picture_.boxes[link.from].name + " needs " + picture_.boxes[link.to].name + ": " +
                             model::to_string(link.condition) + (link.required ? "" : ", optional") +
                             (link.restart ? ", restarts with it" : "");
    body_ += fmt::format("<path class=\"{}\" d=\"{}\" marker-end=\"url(#arrow)\"><title>{}</title></path>\n",
                         classes(link.condition, link.required), path, escaped(says));
    used_[{link.condition, link.required}] = true;
  }

  static std::string classes(model::DependencyCondition condition, bool required) {
    std::string out = condition == model::DependencyCondition::Healthy   ? "healthy"
                      : condition == model::DependencyCondition::Started ? "started"
                                                                         : "completed";
    return required ? out : out + " optional";
  }

  void draw_box(std::size_t index, int x, int y) {
    const Drawn& box = boxes_[index];
    body_ += fmt::format("<g{}><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"6\"/>\n",
                         picture_.boxes[index].enabled ? "" : " class=\"off\"", x, y, box.width, box.height);
    text(x + kPadding, y + kLine, "name", box.label.title);
    for (std::size_t i = 0; i < box.label.lines.size(); ++i)
      text(x + kPadding, y + kLine * static_cast<int>(i + 2), "faint", box.label.lines[i]);
    body_ += "</g>\n";
  }

  void text(int x, int y, std::string_view kind, const std::string& what) {
    body_ += fmt::format("<text class=\"{}\" x=\"{}\" y=\"{}\">{}</text>\n", kind, x, y, escaped(what));
  }

  void draw_loners() {
    const int most = std::max(width_, kLonersWidth);
    int x = kMargin;
    int y = bottom_ + (layers_.rows.empty() ? 0 : kGap);
    int high = 0;
    for (const std::size_t box : layers_.loners) {
      if (x > kMargin && x + boxes_[box].width > most) {
        x = kMargin;
        y += high + kGap;
        high = 0;
      }
      draw_box(box, x, y);
      high = std::max(high, boxes_[box].height);
      x += boxes_[box].width + kGap;
      width_ = std::max(width_, x - kGap);
    }
    if (!layers_.loners.empty()) bottom_ = y + high;
  }

  void draw_legend() {
    int y = bottom_ + kGap;
    const auto row = [&](const std::string& what) {
      text(kMargin + 44, y, "faint", what);
      width_ = std::max(width_, kMargin + 44 + pixels(what));
      bottom_ = y;
      y += kLine;
    };
    for (const auto& [kind, used] : used_) {
      body_ += fmt::format("<path class=\"{}\" d=\"M{} {}h32\" marker-end=\"url(#arrow)\"/>\n",
                           classes(kind.first, kind.second), kMargin, y - 4);
      const char* const when = kind.first == model::DependencyCondition::Healthy   ? "needs, when healthy"
                               : kind.first == model::DependencyCondition::Started ? "needs"
                                                                                   : "needs, when completed";
      row(std::string(when) + (kind.second ? "" : " (optional)"));
    }
    if (shows_networks(picture_) && !picture_.networks.empty())
      row(fmt::format("networks: {}", fmt::join(network_notes(picture_), ", ")));
  }

  const Picture& picture_;
  Layers layers_;
  std::map<std::size_t, std::size_t> outgoing_;
  std::vector<Drawn> boxes_;
  std::vector<std::vector<int>> left_;
  std::vector<int> top_;
  std::vector<int> high_;
  std::map<std::pair<std::size_t, std::size_t>, std::size_t> place_;  ///< by row and box (or the box a lane leads to)
  std::map<std::size_t, std::size_t> row_;                            ///< of a box
  std::map<std::pair<model::DependencyCondition, bool>, bool> used_;
  std::string body_;
  int width_ = 0;
  int bottom_ = 0;
};

}  // namespace

std::string draw_svg(const Picture& picture) {
  return Document(picture).draw();
}

}  // namespace davit::picture
