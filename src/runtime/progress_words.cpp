#include "progress_words.hpp"

namespace davit::runtime {
namespace {

using namespace plan;

struct Words {
  const Plan& plan;
  const std::set<SlotId>& swapped;

  [[nodiscard]] std::string container(SlotId slot) const { return "Container " + plan.slots[slot].name; }

  StepWords operator()(const BuildImage& o) const { return {"Image " + o.image, "Building", "Built"}; }
  StepWords operator()(const PullImage& o) const { return {"Image " + o.image, "Pulling", "Pulled"}; }
  StepWords operator()(const RemoveImage& o) const { return {"Image " + o.image, "Removing", "Removed"}; }
  StepWords operator()(const CreateNetwork& o) const { return {"Network " + o.spec.name, "Creating", "Created"}; }
  StepWords operator()(const RemoveNetwork& o) const { return {"Network " + o.name, "Removing", "Removed"}; }
  StepWords operator()(const CreateVolume& o) const { return {"Volume " + o.spec.name, "Creating", "Created"}; }
  StepWords operator()(const RemoveVolume& o) const { return {"Volume " + o.name, "Removing", "Removed"}; }
  StepWords operator()(const CreateContainer& o) const {
    if (o.replaces) return {container(o.slot), "Recreate", ""};
    return {container(o.slot), "Creating", "Created"};
  }
  StepWords operator()(const StartContainer& o) const { return {container(o.slot), "Starting", "Started"}; }
  StepWords operator()(const StopContainer& o) const { return on(o.target, "Stopping", "Stopped"); }
  StepWords operator()(const KillContainer& o) const { return on(o.target, "Killing", "Killed"); }
  StepWords operator()(const RestartContainer& o) const { return on(o.target, "Restarting", "Started"); }
  StepWords operator()(const PauseContainer& o) const { return on(o.target, "Pausing", "Paused"); }
  StepWords operator()(const UnpauseContainer& o) const { return on(o.target, "Unpausing", "Unpaused"); }
  StepWords operator()(const RemoveContainer& o) const { return on(o.target, "Removing", "Removed"); }
  StepWords operator()(const RenameContainer& o) const {
    return {container(o.slot), "", swapped.contains(o.slot) ? "Recreated" : "Renamed"};
  }
  StepWords operator()(const WaitFor& o) const { return {"Service " + o.service, "", ""}; }

  [[nodiscard]] StepWords on(const Target& target, const char* begin, const char* done) const {
    if (swapped.contains(target.slot)) return {container(target.slot), "", ""};
    return {container(target.slot), begin, done};
  }
};

}  // namespace

std::set<SlotId> swapped_slots(const Plan& plan) {
  std::set<SlotId> out;
  for (const Step& step : plan.steps)
    if (const auto* create = std::get_if<CreateContainer>(&step.operation); create != nullptr && create->replaces)
      out.insert(create->slot);
  return out;
}

StepWords words_of(const Plan& plan, const Step& step, const std::set<SlotId>& swapped) {
  return std::visit(Words{plan, swapped}, step.operation);
}

}  // namespace davit::runtime
