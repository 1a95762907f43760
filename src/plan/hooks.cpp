#include "davit/plan/hooks.hpp"

#include <fmt/format.h>

namespace davit::plan {
namespace {

std::string counted(std::size_t hooks, const char* kind) {
  return hooks == 0 ? "" : fmt::format("{} {} hook{}", hooks, kind, hooks == 1 ? "" : "s");
}

struct HooksText {
  std::string operator()(const StartContainer& start) const {
    return start.service == nullptr ? "" : counted(start.service->post_start.size(), "post_start");
  }
  std::string operator()(const StopContainer& stop) const {
    return stop.service == nullptr ? "" : counted(stop.service->pre_stop.size(), "pre_stop");
  }
  std::string operator()(const RestartContainer& restart) const {
    if (restart.service == nullptr) return "";
    const std::string before = counted(restart.service->pre_stop.size(), "pre_stop");
    const std::string after = counted(restart.service->post_start.size(), "post_start");
    return before + (before.empty() || after.empty() ? "" : " and ") + after;
  }
  template <class Other>
  std::string operator()(const Other&) const {
    return "";
  }
};

}  // namespace

engine::Program hook_program(const model::Hook& hook) {
  engine::Program program;
  program.args = hook.command;
  for (const auto& [name, value] : hook.environment) program.env.emplace_back(name, value);
  program.working_dir = hook.working_dir;
  program.user = hook.user;
  program.privileged = hook.privileged;
  return program;
}

ServicePtr pre_stop_hooks_of(const model::Project& project, const engine::ObservedContainer& container) {
  const auto service = project.services.find(container.service);
  if (service == project.services.end() || service->second.pre_stop.empty()) return nullptr;
  if (container.state != engine::ContainerState::Running) return nullptr;
  return borrow(service->second);
}

std::string hooks_text(const Operation& operation) {
  return std::visit(HooksText{}, operation);
}

}  // namespace davit::plan
