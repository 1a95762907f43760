// From a service's start to its end.

#include <charconv>

#include "bind_parts.hpp"
#include "davit/base/units.hpp"

namespace davit::compose::bind {
namespace {

using yaml::Entry;
using yaml::Node;

model::Healthcheck health(const Node& node) {
  model::Healthcheck check;
  check.where = node.span;
  if (!at(node, "test").items.empty()) check.test = texts(at(node, "test"));
  check.interval = duration(node, "interval");
  check.timeout = duration(node, "timeout");
  check.start_period = duration(node, "start_period");
  check.start_interval = duration(node, "start_interval");
  check.retries = count(node, "retries");
  check.disable = flag(node, "disable");
  return check;
}

/// `deploy.restart_policy` wins over `restart`.
void restart(const Node& node, model::Service& service, const Surroundings& around) {
  using model::RestartMode;
  if (service.deploy && service.deploy->restart_policy) {
    const model::DeployRestart& policy = *service.deploy->restart_policy;
    if (policy.condition == "on-failure") service.restart = {RestartMode::OnFailure, policy.max_attempts};
    if (policy.condition == "any" || policy.condition.empty()) service.restart = {RestartMode::Always, std::nullopt};
    return;
  }
  const Node& value = at(node, "restart");
  const std::string& name = value.text;
  const std::string head = name.substr(0, name.find(':'));
  if (name == "always") {
    service.restart.mode = RestartMode::Always;
  } else if (name == "unless-stopped") {
    service.restart.mode = RestartMode::UnlessStopped;
  } else if (head == "on-failure") {
    service.restart.mode = RestartMode::OnFailure;
    if (head.size() == name.size()) return;
    std::uint64_t attempts = 0;
    const char* end = name.data() + name.size();
    const auto result = std::from_chars(name.data() + head.size() + 1, end, attempts);
    if (result.ec != std::errc{} || result.ptr != end)
      around.error("restart", "'restart': expected 'on-failure:NUMBER', found '" + name + "'", value.span);
    service.restart.max_attempts = attempts;
  } else if (!name.empty() && name != "no") {
    around.error("restart",
                 "'restart' must be one of no, always, on-failure[:NUMBER], unless-stopped, found '" + name + "'",
                 value.span);
  }
}

model::Hook hook(const Node& node) {
  return {node.span,
          texts(at(node, "command")),
          text(node, "user"),
          flag(node, "privileged"),
          text(node, "working_dir"),
          maybe_pairs(at(node, "environment")),
          text(node, "image"),
          flag(node, "per_replica")};
}

std::vector<model::Hook> hooks(const Node& list) {
  std::vector<model::Hook> result;
  for (const Node& item : list.items) result.push_back(hook(item));
  return result;
}

}  // namespace

void life(const Node& node, model::Service& service, const Surroundings& around) {
  for (const Entry& entry : at(node, "depends_on").entries) {
    model::Dependency& dependency = service.depends_on[entry.key];
    dependency.where = entry.key_span;
    const std::string condition = text(entry.value, "condition");
    if (condition == "service_healthy") dependency.condition = model::DependencyCondition::Healthy;
    if (condition == "service_completed_successfully")
      dependency.condition = model::DependencyCondition::CompletedSuccessfully;
    dependency.restart = flag(entry.value, "restart");
    dependency.required = maybe_flag(entry.value, "required").value_or(true);
  }
  if (const Node* check = node.find("healthcheck")) service.healthcheck = health(*check);
  restart(node, service, around);
  service.pre_start = hooks(at(node, "pre_start"));
  service.post_start = hooks(at(node, "post_start"));
  service.pre_stop = hooks(at(node, "pre_stop"));
  for (const Node& item : at(at(node, "develop"), "watch").items) {
    model::WatchRule& rule = service.watch.emplace_back();
    rule.where = item.span;
    rule.path = text(item, "path");
    rule.action = text(item, "action");
    rule.target = text(item, "target");
    rule.ignore = texts(at(item, "ignore"));
    rule.include = texts(at(item, "include"));
    if (const Node* exec = item.find("exec")) rule.exec = hook(*exec);
    rule.initial_sync = flag(item, "initial_sync");
  }
}

}  // namespace davit::compose::bind
