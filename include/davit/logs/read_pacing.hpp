#pragma once
// How to wait for the next output of a stream. Pure.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace davit::logs {

/// A program that floods its pipe would wake the reader at every write, and every wake-up takes time from the program
/// as well as from the reader. So, while output comes thick, the reader sleeps a little and then takes what has
/// gathered; otherwise it waits for the pipe to become readable, and a line is in its file at once.
class ReadPacing {
 public:
  using Time = std::chrono::steady_clock::time_point;

  enum class Wait : std::uint8_t {
    UntilReadable,
    Pause,  ///< for kPause, without being told of what is written meanwhile
  };

  /// Long enough for a few dozen kilobytes, short enough that these are still in the cache of the processor, and that
  /// the other programs of a pipeline get their turn on a small machine.
  static constexpr std::chrono::microseconds kPause{100};

  /// To be asked when the source has been emptied: what to do before looking again. `bytes` is what came out of it this
  /// time, maybe none.
  Wait emptied(std::size_t bytes, Time now);

 private:
  Wait last_ = Wait::UntilReadable;
  std::optional<Time> last_emptied_;
};

}  // namespace davit::logs
