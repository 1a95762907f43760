#include <fmt/format.h>

#include "davit/plan/hooks.hpp"
#include "davit/plan/plan.hpp"

namespace davit::plan {
namespace {

struct OperationName {
  std::string operator()(const BuildImage&) const { return "BuildImage"; }
  std::string operator()(const PullImage&) const { return "PullImage"; }
  std::string operator()(const RemoveImage&) const { return "RemoveImage"; }
  std::string operator()(const CreateNetwork&) const { return "CreateNetwork"; }
  std::string operator()(const RemoveNetwork&) const { return "RemoveNetwork"; }
  std::string operator()(const CreateVolume&) const { return "CreateVolume"; }
  std::string operator()(const RemoveVolume&) const { return "RemoveVolume"; }
  std::string operator()(const CreateContainer&) const { return "CreateContainer"; }
  std::string operator()(const StartContainer&) const { return "StartContainer"; }
  std::string operator()(const StopContainer&) const { return "StopContainer"; }
  std::string operator()(const KillContainer&) const { return "KillContainer"; }
  std::string operator()(const RestartContainer&) const { return "RestartContainer"; }
  std::string operator()(const PauseContainer&) const { return "PauseContainer"; }
  std::string operator()(const UnpauseContainer&) const { return "UnpauseContainer"; }
  std::string operator()(const RemoveContainer&) const { return "RemoveContainer"; }
  std::string operator()(const RenameContainer&) const { return "RenameContainer"; }
  std::string operator()(const WaitFor& wait) const {
    switch (wait.condition) {
      case Condition::Healthy:
        return "WaitFor healthy";
      case Condition::CompletedSuccessfully:
        return "WaitFor completed";
      case Condition::Up:
        return "WaitFor up";
      case Condition::UpOrCompleted:
        return "WaitFor up or completed";
    }
    return "WaitFor";
  }
};

std::string edges_text(const std::vector<Edge>& edges) {
  std::string out;
  for (const Edge& edge : edges) {
    if (!out.empty()) out += ',';
    out += std::to_string(edge.step);
    if (edge.kind == Edge::Kind::Tolerates) out += '?';
  }
  return out;
}

std::string guard_text(const std::vector<ImageGuard>& guards) {
  std::string out;
  for (const ImageGuard& guard : guards) out += fmt::format("{}'{}'", out.empty() ? "" : " or ", guard.image);
  return out.empty() ? out : ", if image " + out + " changed";
}

}  // namespace

std::string name_of(const Operation& operation) {
  return std::visit(OperationName{}, operation);
}

std::string ResourceId::to_string() const {
  static constexpr const char* kKinds[] = {"image", "network", "volume", "service"};
  std::string out = fmt::format("{}:{}", kKinds[static_cast<int>(kind)], name);
  if (number != 0) out += fmt::format(":{}", number);
  return out;
}

std::string Plan::to_string() const {
  std::string out;
  for (const Step& s : steps) {
    const std::string hooks = hooks_text(s.operation);
    out += fmt::format("[{}] -> #{} {}, {}, {}{}{}{}\n", edges_text(s.after), s.id, s.resource.to_string(),
                       name_of(s.operation), s.cause, hooks.empty() ? "" : ", with ", hooks,
                       guard_text(s.only_if_changed));
  }
  return out;
}

}  // namespace davit::plan
