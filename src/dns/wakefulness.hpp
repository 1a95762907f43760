#pragma once
// Whether to look for the next question at once, or to sleep until it comes. Pure.

#include <algorithm>
#include <chrono>

namespace davit::dns {

/// Falling asleep and being woken takes several times as long as answering a question does. A program that asks one
/// question after the other waits for that each time; so between questions that come thick the server stays awake for a
/// moment. How long that has to be depends on how soon the asker gets its turn, which differs from machine to machine
/// by a factor of ten: it is found by doubling, as a hypervisor finds how long it polls before it halts a processor.
class Wakefulness {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// Questions less far apart make a burst. Falling asleep before the second and being woken are part of it, which
  /// takes a virtual machine that has to ask for its processor hundreds of microseconds.
  static constexpr std::chrono::microseconds kThick{1000};
  /// How long the next question of a burst is looked for: at first, and at most.
  static constexpr std::chrono::microseconds kShortest{50};
  static constexpr std::chrono::microseconds kLongest{200};
  /// After so many looks in a row that found nothing the server sleeps until a question comes that a look would have
  /// found, or until the burst is over: looking costs more than this asker gains by it.
  static constexpr int kInVain = 8;

  /// A question was answered.
  void answered(Time now) {
    const auto since_last = now - last_;
    last_ = now;
    if (since_last >= kThick) {
      look_ = std::chrono::microseconds{0};
      in_vain_ = 0;
    } else if (since_last < look_) {
      in_vain_ = 0;
    } else if (in_vain_ < kInVain) {
      if (look_.count() > 0) ++in_vain_;
      look_ = std::clamp(2 * look_, kShortest, kLongest);
    }
  }
  [[nodiscard]] bool awake(Time now) const { return in_vain_ < kInVain && now - last_ < look_; }

 private:
  Time last_{};
  std::chrono::microseconds look_{0};
  int in_vain_ = 0;
};

}  // namespace davit::dns
