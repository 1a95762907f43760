#pragma once
// Whether to look for the next question at once, or to sleep until it comes. Pure.

#include <chrono>

namespace davit::dns {

/// Falling asleep and being woken takes several times as long as answering a question does. A program that asks one
/// question after the other waits for that each time; so between questions that come thick the server stays awake for a
/// moment.
class Wakefulness {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// Questions no further apart make a burst: a little more than a question takes with falling asleep before it.
  static constexpr std::chrono::microseconds kThick{100};
  /// How long the next question of a burst is looked for. A processor of a virtual machine that has nothing to do does
  /// the same.
  static constexpr std::chrono::microseconds kAwake{50};

  /// A question was answered.
  void answered(Time now) {
    burst_ = now - last_ < kThick;
    last_ = now;
  }
  [[nodiscard]] bool awake(Time now) const { return burst_ && now - last_ < kAwake; }

 private:
  Time last_{};
  bool burst_ = false;
};

}  // namespace davit::dns
