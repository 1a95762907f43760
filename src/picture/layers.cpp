#include "layers.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <set>

namespace davit::picture {
namespace {

/// Counting crossings is quadratic; a picture with more lines than this nobody can read, untangled or not.
constexpr std::size_t kMostToUntangle = 2000;

/// A row beside another one.
enum class Side { Above, Below };

/// Of each of the `count` items of a row, the neighbours in the row on that side. `steps` are those between the two
/// rows.
std::vector<std::vector<std::size_t>> neighbours(const std::vector<Step>& steps, std::size_t count, Side side) {
  std::vector<std::vector<std::size_t>> result(count);
  for (const Step& step : steps) {
    if (side == Side::Below)
      result[step.upper].push_back(step.lower);
    else
      result[step.lower].push_back(step.upper);
  }
  return result;
}

std::size_t crossings(const std::vector<Step>& steps) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < steps.size(); ++i)
    for (std::size_t j = i + 1; j < steps.size(); ++j) {
      const Step& a = steps[i];
      const Step& b = steps[j];
      if ((a.upper < b.upper && a.lower > b.lower) || (a.upper > b.upper && a.lower < b.lower)) ++count;
    }
  return count;
}

class Builder {
 public:
  explicit Builder(const Picture& picture) : picture_(picture) {}

  Layers build() {
    fill_rows();
    add_steps();
    untangle();
    return std::move(layers_);
  }

 private:
  void fill_rows() {
    std::set<std::size_t> linked;
    std::size_t top = 0;
    for (const Link& link : picture_.links) {
      linked.insert({link.from, link.to});
      top = std::max(top, picture_.boxes[link.from].level);
    }
    layers_.rows.resize(linked.empty() ? 0 : top + 1);
    for (std::size_t box = 0; box < picture_.boxes.size(); ++box) {
      if (!linked.contains(box)) {
        layers_.loners.push_back(box);
        continue;
      }
      row_.emplace(box, top - picture_.boxes[box].level);
      layers_.rows[row_[box]].push_back({box, false});
    }
    std::map<std::size_t, std::size_t> highest;  // row of the highest source of a box
    for (const Link& link : picture_.links) {
      const auto [entry, fresh] = highest.emplace(link.to, row_[link.from]);
      if (!fresh) entry->second = std::min(entry->second, row_[link.from]);
    }
    for (const auto& [box, from] : highest)
      for (std::size_t row = from + 1; row < row_[box]; ++row) layers_.rows[row].push_back({box, true});
  }

  [[nodiscard]] std::size_t position(std::size_t row, const Item& item) const {
    const auto& items = layers_.rows[row];
    return static_cast<std::size_t>(std::find(items.begin(), items.end(), item) - items.begin());
  }

  /// The item in the row below through which a line to `box` goes on.
  [[nodiscard]] Item next(std::size_t row, std::size_t box) const { return {box, row + 1 != row_.at(box)}; }

  void add_steps() {
    if (layers_.rows.empty()) return;
    layers_.steps.assign(layers_.rows.size() - 1, {});
    for (const Link& link : picture_.links) {
      const std::size_t row = row_[link.from];
      layers_.steps[row].push_back({position(row, {link.from, false}), position(row + 1, next(row, link.to))});
    }
    for (std::size_t row = 1; row + 1 < layers_.rows.size(); ++row)
      for (const Item& item : layers_.rows[row])
        if (item.lane) layers_.steps[row].push_back({position(row, item), position(row + 1, next(row, item.box))});
    for (auto& steps : layers_.steps) std::sort(steps.begin(), steps.end());
  }

  [[nodiscard]] std::size_t all_crossings() const {
    std::size_t count = 0;
    for (const auto& steps : layers_.steps) count += crossings(steps);
    return count;
  }

  /// Sorts a row by the mean position of what its items are connected to in the row beside it.
  void sort_row(std::size_t row, Side side) {
    auto& items = layers_.rows[row];
    const auto& steps = side == Side::Above ? layers_.steps[row - 1] : layers_.steps[row];
    const auto beside = neighbours(steps, items.size(), side);
    std::vector<double> wanted(items.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
      wanted[i] = static_cast<double>(i);
      if (!beside[i].empty())
        wanted[i] = static_cast<double>(std::accumulate(beside[i].begin(), beside[i].end(), std::size_t{0})) /
                    static_cast<double>(beside[i].size());
    }
    std::vector<std::size_t> order(items.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return wanted[a] < wanted[b]; });
    reorder(row, order);
  }

  /// `order[i]` is the old position of what comes to position i.
  void reorder(std::size_t row, const std::vector<std::size_t>& order) {
    std::vector<std::size_t> now(order.size());
    std::vector<Item> items(order.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
      now[order[i]] = i;
      items[i] = layers_.rows[row][order[i]];
    }
    layers_.rows[row] = std::move(items);
    if (row > 0)
      for (Step& step : layers_.steps[row - 1]) step.lower = now[step.lower];
    if (row < layers_.steps.size())
      for (Step& step : layers_.steps[row]) step.upper = now[step.upper];
  }

  /// Exchanges neighbours as long as that saves a crossing.
  void exchange_neighbours() {
    for (bool better = true; better;) {
      better = false;
      for (std::size_t row = 0; row < layers_.rows.size(); ++row)
        for (std::size_t i = 0; i + 1 < layers_.rows[row].size(); ++i) {
          const auto here = [&] {
            return (row > 0 ? crossings(layers_.steps[row - 1]) : 0) +
                   (row < layers_.steps.size() ? crossings(layers_.steps[row]) : 0);
          };
          std::vector<std::size_t> order(layers_.rows[row].size());
          std::iota(order.begin(), order.end(), 0);
          std::swap(order[i], order[i + 1]);
          const std::size_t before = here();
          reorder(row, order);
          if (here() < before)
            better = true;
          else
            reorder(row, order);  // back
        }
    }
  }

  void untangle() {
    Layers best = layers_;
    std::size_t fewest = picture_.links.size() <= kMostToUntangle ? all_crossings() : 0;
    const int sweeps = picture_.links.size() <= kMostToUntangle ? 12 : 0;
    for (int sweep = 0; sweep < sweeps && fewest > 0; ++sweep) {
      if (sweep % 2 == 0)
        for (std::size_t row = 1; row < layers_.rows.size(); ++row) sort_row(row, Side::Above);
      else
        for (std::size_t row = layers_.rows.size() - 1; row-- > 0;) sort_row(row, Side::Below);
      const std::size_t now = all_crossings();
      if (now < fewest) {
        fewest = now;
        best = layers_;
      }
    }
    layers_ = std::move(best);
    // Quadratic in the lines of a row for each exchange: not for pictures that nobody can read anyway.
    if (picture_.links.size() <= 150 && fewest > 0) exchange_neighbours();
    for (auto& steps : layers_.steps) std::sort(steps.begin(), steps.end());
  }

  const Picture& picture_;
  Layers layers_;
  std::map<std::size_t, std::size_t> row_;  ///< of a box
};

/// The places nearest to the wanted ones (weighted least squares) that keep the order and the distances. `wanted` are
/// left edges. Isotonic regression: neighbours that want to pass each other are pooled.
std::vector<double> settle(const std::vector<double>& wanted, const std::vector<double>& weights,
                           const std::vector<int>& widths, int gap, int limit) {
  struct Pool {
    double sum;
    double weight;
    std::size_t count;
    [[nodiscard]] double mean() const { return sum / weight; }
  };
  std::vector<Pool> pools;
  double offset = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    pools.push_back({(wanted[i] - offset) * weights[i], weights[i], 1});
    while (pools.size() > 1 && pools[pools.size() - 2].mean() > pools.back().mean()) {
      const Pool last = pools.back();
      pools.pop_back();
      pools.back().sum += last.sum;
      pools.back().weight += last.weight;
      pools.back().count += last.count;
    }
    offset += widths[i] + gap;
  }
  const double room = limit - (offset - gap);
  std::vector<double> result;
  offset = 0;
  for (const Pool& pool : pools)
    for (std::size_t i = 0; i < pool.count; ++i) {
      double at = pool.mean();
      if (limit > 0) at = std::clamp(at, 0.0, std::max(0.0, room));
      result.push_back(at + offset);
      offset += widths[result.size() - 1] + gap;
    }
  return result;
}

class Placer {
 public:
  Placer(const Layers& layers, const Sizes& sizes) : layers_(layers), sizes_(sizes) {}

  std::vector<std::vector<int>> run() {
    start();
    for (int sweep = 0; sweep < 24; ++sweep) {
      // First one row after the other, later with regard to both sides.
      for (std::size_t row = 0; row < places_.size(); ++row) settle_row(row, sweep > 2 ? Sides::Both : Sides::Above);
      for (std::size_t row = places_.size(); row-- > 0;) settle_row(row, sweep > 2 ? Sides::Both : Sides::Below);
    }
    return rounded();
  }

 private:
  [[nodiscard]] double centre(std::size_t row, std::size_t item) const {
    return places_[row][item] + sizes_.widths[row][item] / 2.0;
  }

  /// Rows packed, and centred.
  void start() {
    const int width = needed_width(sizes_);
    for (const auto& widths : sizes_.widths) {
      const int own = std::accumulate(widths.begin(), widths.end(), 0) +
                      sizes_.gap * std::max(0, static_cast<int>(widths.size()) - 1);
      std::vector<double> row;
      double at = (width - own) / 2.0;
      for (const int item : widths) {
        row.push_back(at);
        at += item + sizes_.gap;
      }
      places_.push_back(std::move(row));
    }
  }

  enum class Sides { Above, Below, Both };

  /// Puts the items of a row near what they are connected to on the sides that count.
  void settle_row(std::size_t row, Sides sides) {
    const std::size_t count = places_[row].size();
    std::vector<double> sums(count, 0.0);
    std::vector<double> counts(count, 0.0);
    const auto pull = [&](std::size_t item, double to, double weight) {
      sums[item] += to * weight;
      counts[item] += weight;
    };
    if (sides != Sides::Below && row > 0)
      for (const Step& step : layers_.steps[row - 1])
        pull(step.lower, centre(row - 1, step.upper), layers_.rows[row - 1][step.upper].lane ? 3 : 1);
    if (sides != Sides::Above && row < layers_.steps.size())
      for (const Step& step : layers_.steps[row])
        pull(step.upper, centre(row + 1, step.lower), layers_.rows[row + 1][step.lower].lane ? 3 : 1);
    std::vector<double> wanted(count);
    std::vector<double> weights(count);
    for (std::size_t i = 0; i < count; ++i) {
      wanted[i] = counts[i] > 0 ? sums[i] / counts[i] - sizes_.widths[row][i] / 2.0 : places_[row][i];
      weights[i] = layers_.rows[row][i].lane ? 4 : counts[i] > 0 ? 1 : 0.1;
    }
    places_[row] = settle(wanted, weights, sizes_.widths[row], sizes_.gap, sizes_.limit);
  }

  [[nodiscard]] std::vector<std::vector<int>> rounded() const {
    double least = std::numeric_limits<double>::max();
    for (const auto& row : places_)
      if (!row.empty()) least = std::min(least, row.front());
    std::vector<std::vector<int>> result;
    for (std::size_t row = 0; row < places_.size(); ++row) {
      std::vector<int> line;
      int free = 0;
      for (std::size_t i = 0; i < places_[row].size(); ++i) {
        line.push_back(std::max(free, static_cast<int>(std::lround(places_[row][i] - least))));
        free = line.back() + sizes_.widths[row][i] + sizes_.gap;
      }
      result.push_back(std::move(line));
    }
    return result;
  }

  const Layers& layers_;
  const Sizes& sizes_;
  std::vector<std::vector<double>> places_;
};

}  // namespace

Layers make_layers(const Picture& picture) {
  return Builder(picture).build();
}

int needed_width(const Sizes& sizes) {
  int most = 0;
  for (const auto& widths : sizes.widths)
    most = std::max(most, std::accumulate(widths.begin(), widths.end(), 0) +
                              sizes.gap * std::max(0, static_cast<int>(widths.size()) - 1));
  return most;
}

std::vector<std::vector<int>> place(const Layers& layers, const Sizes& sizes) {
  return Placer(layers, sizes).run();
}

}  // namespace davit::picture
