#pragma once
// Cuts the bytes of a stream into log records. Pure, and deterministic: the same bytes, time and stream give the same
// records however the bytes are handed over. The recovery of the pump rests on that.

#include <cstddef>
#include <span>
#include <string_view>

#include "davit/logs/record.hpp"

namespace davit::logs {

/// Frames one batch: bytes which arrived together and share one time stamp.
class Framer {
 public:
  /// The longest text of a record; a longer line goes on in further records. (As containerd, so that readers with a
  /// limit of their own, such as fluent-bit's 32 KiB, take every record.)
  static constexpr std::size_t kMaxText = 16 * 1024;
  /// A buffer of this size takes at least one record.
  static constexpr std::size_t kMaxRecord = kHeaderSize + kMaxText + 1;

  enum class End {
    More,   ///< more bytes of this batch follow: a started line is left unconsumed
    Batch,  ///< these are the last: a started line becomes a partial record
  };
  struct Framed {
    std::size_t consumed = 0;  ///< bytes of `data` which are in records now
    std::size_t produced = 0;  ///< bytes written to `out`, always whole records
  };

  Framer(Stream stream, WallTime time);

  /// Writes records for as much of `data` as fits in `out`. What is not consumed belongs in front of the next call's
  /// data. With End::More at most kMaxText bytes stay for want of a newline.
  [[nodiscard]] Framed frame(std::string_view data, End end, std::span<char> out) const;

 private:
  Header full_;
  Header partial_;
};

}  // namespace davit::logs
