// `run`: one container beside those of `up` (compose-semantics 3.11).

#include <fmt/format.h>

#include "davit/engine/value_rules.hpp"
#include "davit/plan/make_plan.hpp"
#include "spec_parts.hpp"
#include "up_planner.hpp"

namespace davit::plan {
namespace {

/// What the command line gives stands in no file.
void forget_place(model::Service& service, const char* attribute) {
  service.where.attributes[attribute] = Span{};
}

/// The service as this one container has it: no ports, no restart policy and no fixed name of its own.
model::Service one_off_service(const model::Service& from, const RunOptions& run) {
  model::Service s = from;
  if (run.service_ports == RunOptions::ServicePorts::No) {
    // Not published, but its program listens there all the same.
    const bool serves_dns = declares_port(s, {}, kDnsPort);
    s.ports.clear();
    if (serves_dns) s.expose.emplace_back("53/udp");
  }
  s.ports.insert(s.ports.end(), run.ports.begin(), run.ports.end());
  s.restart = {};
  s.container_name.clear();
  s.scale = 1;
  if (run.entrypoint) {
    s.entrypoint = run.entrypoint;
    forget_place(s, "entrypoint");
    s.command.reset();
  }
  if (run.command) {
    s.command = run.command;
    forget_place(s, "command");
  }
  for (const auto& [name, value] : run.environment) s.environment[name] = value;
  for (const auto& [name, value] : run.labels) s.labels[name] = value;
  for (const model::Mount& mount : run.volumes) {
    std::erase_if(s.volumes, [&mount](const model::Mount& other) { return other.target == mount.target; });
    s.volumes.push_back(mount);
  }
  s.cap_add.insert(s.cap_add.end(), run.cap_add.begin(), run.cap_add.end());
  s.cap_drop.insert(s.cap_drop.end(), run.cap_drop.begin(), run.cap_drop.end());
  if (!run.user.empty()) {
    s.user = run.user;
    forget_place(s, "user");
  }
  if (!run.working_dir.empty()) {
    s.working_dir = run.working_dir;
    forget_place(s, "working_dir");
  }
  s.tty = run.tty;
  s.stdin_open = run.stdin_open;
  return s;
}

}  // namespace

std::string one_off_name(const model::Project& project, const RunOptions& options) {
  if (!options.name.empty()) return options.name;
  return fmt::format("{0}{3}{1}{3}run{3}{2}", project.name, options.service, options.slug, project.separator);
}

Diagnostics UpPlanner::plan_one_off(const ServicePtr& service, const RunOptions& run) {
  const std::string name = one_off_name(project_, run);
  if (!engine::is_container_name(name)) {
    problems_.add(Diagnostic::error("invalid-value", fmt::format("invalid container name '{}'", name))
                      .with_hint("allowed are letters, digits, '_', '.' and '-', at least two of them, the first a "
                                 "letter or digit"));
    return problems_;
  }
  const SlotId slot = builder_.add_slot({.name = name, .service = service->name});
  CreateContainer operation;
  operation.slot = slot;
  operation.service = service;
  operation.name = name;
  operation.one_off = OneOff{run.slug, run.aliases, run.remove};
  std::vector<Edge> after = before_create(*service, operation);
  const ResourceId resource{ResourceId::Kind::Service, service->name + ":run"};
  const StepId create = builder_.add({.resource = resource,
                                      .operation = std::move(operation),
                                      .cause = "run",
                                      .after = std::move(after),
                                      .where = service->where.name});
  std::vector<Edge> before = before_start(*service);
  before.push_back({create});
  builder_.add({.resource = resource,
                .operation = StartContainer{slot, service},
                .cause = "run",
                .after = std::move(before),
                .where = service->where.name});
  return problems_;
}

Result<Plan, Diagnostics> make_run_plan(const model::Project& project, const engine::Observed& observed,
                                        const RunOptions& options) {
  auto selected = select_services(project, {options.service}, options.up.dependencies);
  if (!selected) return selected.error();
  selected->erase(options.service);
  const auto service =
      std::make_shared<const model::Service>(one_off_service(project.services.at(options.service), options));
  UpPlanner planner(project, observed, options.up);
  Diagnostics problems = planner.plan_services(*selected, {}, service.get());
  if (!problems.has_errors()) problems = planner.plan_one_off(service, options);
  if (problems.has_errors()) {
    problems.sort_and_unique();
    return problems;
  }
  return planner.finish();
}

}  // namespace davit::plan
