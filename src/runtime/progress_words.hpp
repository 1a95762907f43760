#pragma once
// docker compose's words for the steps of a plan (compose-semantics 1.8).

#include <optional>
#include <set>
#include <string>

#include "davit/plan/plan.hpp"

namespace davit::runtime {

/// What is printed when a step begins and when it has ended; empty: nothing.
struct StepWords {
  std::string id;
  std::string begin;
  std::string done;
};

/// Slots in which one container takes the place of another: their many steps are one "Recreate" to the user.
[[nodiscard]] std::set<plan::SlotId> swapped_slots(const plan::Plan& plan);

[[nodiscard]] StepWords words_of(const plan::Plan& plan, const plan::Step& step, const std::set<plan::SlotId>& swapped);

}  // namespace davit::runtime
