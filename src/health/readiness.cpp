#include "davit/health/readiness.hpp"

#include <algorithm>

namespace davit::health {
namespace {

// A look costs some ten microseconds for a program that sleeps or listens: cheap enough to be early.
constexpr Duration kFirstBackOff = std::chrono::milliseconds{1};
constexpr Duration kLongestBackOff = std::chrono::milliseconds{32};

}  // namespace

Readiness::Readiness(std::vector<std::uint16_t> ports, ReadinessLimits limits, Time started)
    : ports_(std::move(ports)),
      limits_(limits),
      started_(started),
      deadline_(started + limits.listen),
      back_off_(kFirstBackOff) {}

Readiness::Action Readiness::looked(const Look& look, Time now) {
  if (needs_ports()) return listen(look, now);
  const bool asleep = look.activity == Look::Activity::Asleep;
  if ((asleep && asleep_) || now >= started_ + limits_.settle) return Ready{};
  asleep_ = asleep;
  return look_again(now);
}

Readiness::Action Readiness::listen(const Look& look, Time now) {
  Silent silent;
  for (const std::uint16_t port : ports_)
    if (!look.listening.contains(port)) silent.ports.push_back(port);
  if (silent.ports.empty()) return Ready{};
  if (!heard_ && silent.ports.size() < ports_.size()) {
    heard_ = true;
    deadline_ = std::min(deadline_, now + limits_.rest);
  }
  if (now >= deadline_) return silent;
  return look_again(now);
}

Readiness::Action Readiness::look_again(Time now) {
  const LookAgain next{now + back_off_};
  back_off_ = std::min(back_off_ * 2, kLongestBackOff);
  return next;
}

}  // namespace davit::health
