#pragma once
// Boxes in rows, so that every line goes down from row to row, and few lines cross (after Sugiyama). Lines that pass a
// row have a lane in it; lines to the same box share their lanes, as branches of a river do.

#include <cstddef>
#include <vector>

#include "davit/picture/picture.hpp"

namespace davit::picture {

/// A box in a row, or a lane that leads to a box further down.
struct Item {
  std::size_t box = 0;  ///< the box, or the one that the lane leads to
  bool lane = false;
  friend bool operator==(const Item&, const Item&) = default;
};

/// A line between neighbouring rows: positions in the upper and in the lower row.
struct Step {
  std::size_t upper = 0;
  std::size_t lower = 0;
  friend auto operator<=>(const Step&, const Step&) = default;
};

struct Layers {
  std::vector<std::vector<Item>> rows;   ///< from the top: what nothing needs comes first
  std::vector<std::vector<Step>> steps;  ///< between row i and row i+1
  std::vector<std::size_t> loners;       ///< boxes without any line; in no row
};

[[nodiscard]] Layers make_layers(const Picture& picture);

/// Widths of the items, row by row, and how far they stand apart.
struct Sizes {
  std::vector<std::vector<int>> widths;
  int gap = 2;
  int limit = 0;  ///< widest row allowed; 0: no limit
};

/// Left edges of the items, row by row, from 0: items near what they are connected to, lanes as straight as can be. No
/// row may be wider than the limit.
[[nodiscard]] std::vector<std::vector<int>> place(const Layers& layers, const Sizes& sizes);

/// The width of the widest row.
[[nodiscard]] int needed_width(const Sizes& sizes);

}  // namespace davit::picture
