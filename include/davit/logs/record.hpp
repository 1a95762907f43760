#pragma once
// One record of a log file, in the format of the Kubernetes Container Runtime Interface:
//
//     2026-11-23T03:30:00.123456789Z stdout F the text of a line
//
// "F" ends a line, "P" means that the line goes on in the next record of the same stream. The text is the program's
// bytes as they came, without the newline. fluent-bit, vector and promtail read this as it is.

#include <cstdint>
#include <optional>
#include <string_view>

#include "davit/logs/timestamp.hpp"

namespace davit::logs {

enum class Stream : std::uint8_t { Stdout = 0, Stderr = 1 };
inline constexpr std::size_t kStreams = 2;
[[nodiscard]] constexpr std::size_t index(Stream stream) {
  return static_cast<std::size_t>(stream);
}
[[nodiscard]] constexpr std::string_view name(Stream stream) {
  return stream == Stream::Stdout ? "stdout" : "stderr";
}

/// Whether a record ends its line.
enum class Extent : std::uint8_t { Full, Partial };

/// Bytes before the text: time stamp, stream and tag, each with a blank behind it.
inline constexpr std::size_t kHeaderSize = kTimestampSize + 1 + 6 + 1 + 1 + 1;
using Header = std::array<char, kHeaderSize>;

/// The bytes before the text of a record.
[[nodiscard]] Header make_header(WallTime time, Stream stream, Extent extent);

/// A record as it stands in a buffer; the views end with the buffer.
struct Record {
  std::string_view time;  ///< kTimestampSize bytes, UTC; empty when the record has none that can be read
  Stream stream = Stream::Stdout;
  Extent extent = Extent::Full;
  std::string_view text;
};

/// Reads one line of a log file, its newline cut off. What is not a record (a foreign hand wrote to the file) becomes
/// the text of a full record on stdout without a time, so that nothing is lost. Time stamps in another form than ours
/// are brought into it in `scratch`.
[[nodiscard]] Record parse_record(std::string_view line, TimestampText& scratch);

}  // namespace davit::logs
