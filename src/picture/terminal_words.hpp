#pragma once
// What pictures for the terminal are made of: characters, marks and their meaning, and the list that tells in words
// what does not fit as boxes.

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "davit/picture/draw.hpp"
#include "label.hpp"

namespace davit::picture {

/// What is said about a line where it begins. A line without a mark waits for nothing but the start.
enum class Mark : std::uint8_t { Healthy, Completed, Optional, Restart };

[[nodiscard]] std::vector<Mark> marks_of(const Link& link);

/// The arms of a character that lines are drawn with.
enum Arm : unsigned { Up = 1, Down = 2, Left = 4, Right = 8 };

class Words {
 public:
  explicit Words(Glyphs glyphs) : ascii_(glyphs == Glyphs::Ascii) {}

  /// The character with these arms.
  [[nodiscard]] std::string_view line(unsigned arms) const;
  /// The side of a box; not solid: of a service that is not enabled.
  [[nodiscard]] std::string_view side(unsigned arms, bool solid) const;
  [[nodiscard]] std::string_view arrow() const { return ascii_ ? "v" : "▼"; }
  [[nodiscard]] std::string_view mark(Mark mark) const;
  [[nodiscard]] std::string_view meaning(Mark mark) const;
  /// With nothing but ASCII, if that is asked for.
  [[nodiscard]] Label of(Label label) const;
  [[nodiscard]] std::string of(std::string text) const;

 private:
  bool ascii_;
};

/// "guestbook: 5 services in 3 waves", and a blank line.
[[nodiscard]] std::string heading(const Picture& picture, const TerminalOptions& options);

enum class Arrows { Drawn, No };
/// The networks, if there are others than the default one, and the meaning of the marks in use.
[[nodiscard]] std::string footing(const Picture& picture, const std::set<Mark>& marks, const TerminalOptions& options,
                                  Arrows arrows);

/// The services by waves (what can start at the same time), each with what it needs.
[[nodiscard]] std::string draw_list(const Picture& picture, const TerminalOptions& options);

}  // namespace davit::picture
