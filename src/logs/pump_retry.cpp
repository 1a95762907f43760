#include "davit/logs/pump_retry.hpp"

#include <algorithm>

namespace davit::logs {

PumpRetry::Next PumpRetry::failed() {
  failures_ = std::min(failures_ + 1, limits_.keep_tries + 2);
  Next next{.after = limits_.first};
  for (int doubled = 1; doubled < failures_ && next.after < limits_.longest; ++doubled) next.after *= 2;
  next.after = std::min(next.after, limits_.longest);
  if (failures_ == 1) next.tell = Tell::Failure;
  if (failures_ <= limits_.keep_tries) return next;
  next.act = Act::Drop;
  // A container that floods fills its pipe again soon.
  next.after = limits_.first;
  next.tell = failures_ == limits_.keep_tries + 1 ? Tell::Dropping : Tell::Nothing;
  return next;
}

}  // namespace davit::logs
