#pragma once
// Where a piece of text stands in a file: what every diagnostic points at.

#include <compare>
#include <cstdint>
#include <memory>
#include <string>

namespace davit {

/// A place in a text file. Both numbers count from 1; `column` counts bytes. {0, 0} means "unknown".
struct Position {
  std::uint32_t line = 0;
  std::uint32_t column = 0;

  friend auto operator<=>(const Position&, const Position&) = default;
};

/// A stretch of one file, `end` exclusive. Copies share the file name.
struct Span {
  std::shared_ptr<const std::string> file;  ///< as the user would write it; null when there is no file
  Position begin;
  Position end;

  [[nodiscard]] bool known() const { return file != nullptr && begin.line != 0; }

  /// `file:line:column`, or `file` alone when the position is unknown.
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const Span& a, const Span& b) {
    return a.begin == b.begin && a.end == b.end && (a.file == b.file || (a.file && b.file && *a.file == *b.file));
  }
};

}  // namespace davit
