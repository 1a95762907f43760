#pragma once
// Joins records to the lines a program wrote.

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "davit/logs/record.hpp"

namespace davit::logs {

/// A line as the program wrote it. The views end with the next call to whatever returned it.
struct Line {
  std::string_view time;  ///< of its first record; kTimestampSize bytes, or empty
  Stream stream = Stream::Stdout;
  std::string_view text;
  bool ended = true;  ///< a newline followed
};

/// Puts partial records together, each stream for itself. A record that is whole costs no copy.
class LineAssembler {
 public:
  /// A line longer than this is handed out in pieces (ended == false) to bound memory.
  static constexpr std::size_t kMaxLine = 64U << 20U;

  /// The line which this record ends, if it ends one.
  [[nodiscard]] std::optional<Line> add(const Record& record);

  /// The text of a started line, once for each stream that has one; nullopt when there is none left. When the line goes
  /// on later nevertheless, its rest is a line for itself; its end alone is none.
  [[nodiscard]] std::optional<Line> flush();

  [[nodiscard]] bool inside_line(Stream stream) const { return started_[index(stream)]; }

 private:
  std::optional<Line> hand_out(Stream stream, bool ended);

  std::array<bool, kStreams> started_{};
  std::array<bool, kStreams> flushed_{};  ///< the last line was handed out without its end
  std::array<std::string, kStreams> text_;
  std::array<std::string, kStreams> time_;
  std::string out_text_;  ///< keeps the line handed out last
  std::string out_time_;
};

}  // namespace davit::logs
