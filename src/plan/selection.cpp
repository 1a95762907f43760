#include "selection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <queue>

#include "davit/base/suggest.hpp"

namespace davit::plan {

using engine::ContainerState;
using engine::ObservedContainer;

Result<std::set<std::string>, Diagnostics> select_services(const model::Project& project,
                                                           const std::vector<std::string>& names,
                                                           Dependencies dependencies) {
  std::set<std::string> selected;
  if (names.empty()) {
    for (const auto& [name, service] : project.services) selected.insert(name);
    return selected;
  }
  Diagnostics problems;
  std::vector<std::string> known;
  for (const auto& [name, service] : project.services) known.push_back(name);
  for (const std::string& name : names) {
    if (project.services.contains(name)) continue;
    Diagnostic problem = Diagnostic::error("no-such-service", "no such service: " + name);
    if (const auto meant = nearest(name, known)) problem.with_hint(fmt::format("did you mean '{}'?", *meant));
    problems.add(std::move(problem));
  }
  if (problems.has_errors()) return problems;
  std::vector<std::string> open = names;
  while (!open.empty()) {
    const std::string name = std::move(open.back());
    open.pop_back();
    if (!selected.insert(name).second || dependencies == Dependencies::Without) continue;
    for (const auto& [dependency, how] : project.services.at(name).depends_on)
      if (project.services.contains(dependency)) open.push_back(dependency);
  }
  return selected;
}

std::vector<const model::Service*> in_dependency_order(const model::Project& project,
                                                       const std::set<std::string>& names) {
  std::map<std::string, std::size_t> missing;
  std::map<std::string, std::vector<std::string>> dependants;
  for (const std::string& name : names) {
    std::size_t& count = missing[name];
    for (const auto& [dependency, how] : project.services.at(name).depends_on) {
      if (!names.contains(dependency)) continue;
      ++count;
      dependants[dependency].push_back(name);
    }
  }
  std::priority_queue<std::string, std::vector<std::string>, std::greater<>> ready;
  for (const auto& [name, count] : missing)
    if (count == 0) ready.push(name);
  std::vector<const model::Service*> order;
  while (!ready.empty()) {
    const std::string name = ready.top();
    ready.pop();
    order.push_back(&project.services.at(name));
    for (const std::string& next : dependants[name])
      if (--missing[next] == 0) ready.push(next);
  }
  for (const auto& [name, count] : missing)
    if (count != 0) order.push_back(&project.services.at(name));
  return order;
}

ObservedIndex::ObservedIndex(const engine::Observed& observed) {
  for (const ObservedContainer& c : observed.containers) {
    if (c.one_off) {
      one_offs.push_back(&c);
    } else {
      by_service[c.service].push_back(&c);
    }
  }
  for (auto& [service, containers] : by_service)
    std::sort(containers.begin(), containers.end(), [](const auto* a, const auto* b) { return a->number < b->number; });
  for (const auto& n : observed.networks) networks.emplace(n.name, &n);
  for (const auto& v : observed.volumes) volumes.emplace(v.name, &v);
}

const std::vector<const ObservedContainer*>& ObservedIndex::of(const std::string& service) const {
  static const std::vector<const ObservedContainer*> kNone;
  const auto found = by_service.find(service);
  return found == by_service.end() ? kNone : found->second;
}

std::vector<const ObservedContainer*> orphans_of(const model::Project& project, const engine::Observed& observed) {
  std::vector<const ObservedContainer*> out;
  for (const ObservedContainer& c : observed.containers) {
    const bool known = project.services.contains(c.service) || project.disabled_services.contains(c.service);
    const bool ended = c.state == ContainerState::Exited || c.state == ContainerState::Dead;
    if (c.one_off ? ended : !known) out.push_back(&c);
  }
  return out;
}

Diagnostic orphan_warning(const std::vector<const ObservedContainer*>& orphans) {
  std::vector<std::string> names;
  for (const auto* c : orphans) names.push_back(c->name);
  std::sort(names.begin(), names.end());
  return Diagnostic::warning(
      "orphans",
      fmt::format("Found orphan containers ([{}]) for this project. If you removed or renamed this service in "
                  "your compose file, you can run this command with the --remove-orphans flag to clean it up.",
                  fmt::join(names, " ")));
}

bool is_up(const ObservedContainer& container) {
  return container.state == ContainerState::Running || container.state == ContainerState::Paused ||
         container.state == ContainerState::Restarting;
}

}  // namespace davit::plan
