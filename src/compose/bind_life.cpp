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

/// `restart`. The number of `on-failure:NUMBER` is the only one that can be given.
model::RestartPolicy restart_of(const Node& value) {
  using model::RestartMode;
  const std::string& name = value.text;
  if (name.empty() || name == "no") return {};
  if (name == "always") return {RestartMode::Always, {}, {}};
  if (name == "unless-stopped") return {RestartMode::UnlessStopped, {}, {}};
  if (name == "on-failure") return {RestartMode::OnFailure, {}, {}};
  if (!name.starts_with("on-failure:"))
    return {
        {}, {}, {{"must be one of no, always, on-failure[:NUMBER], unless-stopped, found '" + name + "'", value.span}}};
  const std::string_view number = std::string_view(name).substr(std::string_view("on-failure:").size());
  std::uint64_t attempts = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), attempts);
  if (number.empty() || error != std::errc{} || end != number.data() + number.size())
    return {{}, {}, {{"must be 'on-failure:NUMBER', found '" + name + "'", value.span}}};
  return {RestartMode::OnFailure, attempts, {}};
}

/// `deploy.restart_policy`.
model::RestartPolicy restart_of(const model::DeployRestart& policy, const Node& written) {
  using model::RestartMode;
  if (policy.condition == "none") return {};
  if (policy.condition == "on-failure") return {RestartMode::OnFailure, policy.max_attempts, {}};
  if (policy.condition == "any" || policy.condition.empty()) return {RestartMode::Always, {}, {}};
  const Node& condition = at(written, "condition");
  return {{}, {}, {{"must be one of none, on-failure, any, found '" + policy.condition + "'", condition.span}}};
}

/// `deploy.restart_policy` wins over `restart`.
model::RestartPolicy restart(const Node& node, const model::Service& service) {
  if (!service.deploy || !service.deploy->restart_policy) return restart_of(at(node, "restart"));
  return restart_of(*service.deploy->restart_policy, at(at(node, "deploy"), "restart_policy"));
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

void life(const Node& node, model::Service& service) {
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
  service.restart = restart(node, service);
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
