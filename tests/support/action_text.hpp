#pragma once
// A scheduler's actions as one line, for comparing.

#include <string>
#include <vector>

#include "davit/schedule/scheduler.hpp"

namespace davit::test {

struct ActionText {
  using S = schedule::Scheduler;
  std::string operator()(const S::Run& a) const { return "run " + std::to_string(a.step); }
  std::string operator()(const S::Waiting& a) const { return "wait " + std::to_string(a.step); }
  std::string operator()(const S::WaitFulfilled& a) const { return "fulfilled " + std::to_string(a.step); }
  std::string operator()(const S::WaitFailed& a) const {
    return (a.severity == S::WaitFailed::Severity::Error ? "failed " : "warned ") + std::to_string(a.step) + ": " +
           a.why.message;
  }
  std::string operator()(const S::Skipped& a) const {
    if (a.reason == S::Skipped::Reason::NotNeeded) return "not needed " + std::to_string(a.step);
    return "skipped " + std::to_string(a.step) + (a.because ? " because of " + std::to_string(*a.because) : "");
  }
  std::string operator()(const S::LookAgain&) const { return "look again"; }
  std::string operator()(const S::Finished&) const { return "finished"; }
};

inline std::string text_of(const std::vector<schedule::Scheduler::Action>& actions) {
  std::string out;
  for (const auto& action : actions) out += (out.empty() ? "" : "; ") + std::visit(ActionText{}, action);
  return out;
}

}  // namespace davit::test
