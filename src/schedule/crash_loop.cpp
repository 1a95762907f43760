#include "davit/schedule/crash_loop.hpp"

namespace davit::schedule {

void CrashLoop::ended(Time now, Duration patience) {
  if (!first_end_) first_end_ = now;
  ++ends_;
  hopeless_ = now - *first_end_ >= (patience == Duration::zero() ? kPatience : patience);
}

void CrashLoop::came_up() {
  *this = CrashLoop();
}

}  // namespace davit::schedule
