#pragma once
// Lines of several containers as people read them: "web-1  | text". Pure: appends to a string.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "davit/logs/assembler.hpp"

namespace davit::logs {

/// How lines look. docker compose: `name  | line`, names padded to the longest one and a blank behind it.
struct PrintOptions {
  bool colour = false;
  bool prefix = true;
  bool timestamps = false;
  std::size_t name_width = 0;  ///< at least so wide, for names that are known to come
};

/// Appends lines to a buffer with the prefix of their container. Colours go round: cyan, yellow, green, magenta, blue,
/// then their intense forms, in the order in which names are added.
class LinePrinter {
 public:
  explicit LinePrinter(PrintOptions options)
      : options_(options), width_(options.name_width > 0 ? options.name_width + 1 : 0) {}

  /// Adds a container; the number it returns stands for it from now on. A longer name widens the prefix of all.
  std::size_t add(std::string name);

  /// Appends `line` of a container, its newline included. The text is not changed in any way.
  void print(std::size_t source, const Line& line, std::string& out) const;

  /// Appends a line about a container, in its colour: "web-1 exited with code 0".
  void print_note(std::size_t source, std::string_view text, std::string& out) const;

  [[nodiscard]] const std::string& name(std::size_t source) const { return names_.at(source); }

 private:
  void rebuild();

  PrintOptions options_;
  std::size_t width_ = 0;
  std::vector<std::string> names_;
  std::vector<std::string> prefixes_;
};

/// The escape sequence of the n-th container's colour, without options.
[[nodiscard]] std::string_view log_colour(std::size_t source);
inline constexpr std::string_view kColourOff = "\x1b[0m";

}  // namespace davit::logs
