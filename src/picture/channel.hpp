#pragma once
// The lines between two rows of boxes: which go straight, and on which track the others run sideways.

#include <cstddef>
#include <optional>
#include <vector>

namespace davit::picture {

/// All lines between a row and one thing in the row below it. They join on one track and go down together.
struct Net {
  std::vector<std::size_t> from;                    ///< columns where lines come down, no two alike in a channel
  std::size_t to = 0;                               ///< column where they go on, no two alike in a channel
  std::optional<std::size_t> track = std::nullopt;  ///< set by route(); none: the line is straight

  [[nodiscard]] bool is_straight() const { return from.size() == 1 && from.front() == to; }
  [[nodiscard]] std::size_t first() const;
  [[nodiscard]] std::size_t last() const;
};

/// Gives every net a track, counted from above, so that no two lie on each other: two on one track are apart, and where
/// a line comes down in the column in which another one goes on, the first ends higher. Returns the number of tracks;
/// nullopt when these demands go round in a circle.
[[nodiscard]] std::optional<std::size_t> route(std::vector<Net>& nets);

}  // namespace davit::picture
