#pragma once
// When a container that its restart policy starts again and again is not worth waiting for any more.

#include <chrono>
#include <optional>

namespace davit::schedule {

/// Counts the ends of one container while somebody waits for it to be up. The first end begins the time in which it may
/// still recover (a program that fails until its database answers does); an end after that is one too many. Knows no
/// clock. docker compose has no such rule: whether its `--wait` ends at all depends on whether one of its looks, every
/// 500 ms, hits a moment in which the program runs (docs/decisions/0006).
class CrashLoop {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::nanoseconds;
  static constexpr Duration kPatience = std::chrono::seconds{10};

  /// It has ended and will be started again. `patience`: how long it may recover, zero means kPatience.
  void ended(Time now, Duration patience);
  /// It was seen to be up: earlier ends are forgiven.
  void came_up();
  /// How often it has ended, once that is too often; 0 until then.
  [[nodiscard]] int ends_in_vain() const { return hopeless_ ? ends_ : 0; }

 private:
  std::optional<Time> first_end_;
  int ends_ = 0;
  bool hopeless_ = false;
};

}  // namespace davit::schedule
