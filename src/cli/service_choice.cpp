#include "service_choice.hpp"

#include <algorithm>
#include <set>

#include "davit/base/error.hpp"
#include "davit/base/suggest.hpp"

namespace davit::cli {

void require_services(const std::vector<std::string>& services, const std::optional<model::Project>& project,
                      const engine::Observed& observed) {
  std::set<std::string> known;
  for (const auto& container : observed.containers) known.insert(container.service);
  if (project) {
    for (const auto& [name, service] : project->services) known.insert(name);
    for (const auto& [name, service] : project->disabled_services) known.insert(name);
  }
  for (const std::string& service : services) {
    if (known.contains(service)) continue;
    Diagnostic diagnostic = Diagnostic::error("unknown-service", "no such service: " + service);
    const std::vector<std::string> names(known.begin(), known.end());
    if (!names.empty()) diagnostic.note("services in this project: " + join_names(names));
    if (const auto near = nearest(service, names)) diagnostic.with_hint("did you mean '" + *near + "'?");
    throw Error(std::move(diagnostic));
  }
}

bool is_chosen(const std::vector<std::string>& services, const std::string& service) {
  return services.empty() || std::find(services.begin(), services.end(), service) != services.end();
}

const engine::ObservedContainer& choose_container(const engine::Observed& observed, const std::string& service,
                                                  int number) {
  const engine::ObservedContainer* best = nullptr;
  for (const auto& container : observed.containers) {
    if (container.service != service || container.one_off || (number > 0 && container.number != number)) continue;
    if (best == nullptr || container.number < best->number) best = &container;
  }
  if (best != nullptr) return *best;
  if (number > 0)
    throw Error(Diagnostic::error("no-container",
                                  "service '" + service + "' has no container number " + std::to_string(number)));
  throw Error(Diagnostic::error("no-container", "no container found for service '" + service + "'")
                  .with_hint("'davit up -d " + service + "' starts it"));
}

const engine::ObservedContainer& choose_running(const engine::Observed& observed, const std::string& service,
                                                int index) {
  const engine::ObservedContainer* best = nullptr;
  std::vector<std::string> names;
  for (const auto& container : observed.containers) {
    names.push_back(container.service);
    if (container.service != service || container.state != engine::ContainerState::Running) continue;
    if (index > 0 && (container.one_off || container.number != index)) continue;
    if (best == nullptr || (best->one_off && !container.one_off) ||
        (best->one_off == container.one_off && container.number < best->number))
      best = &container;
  }
  if (best != nullptr) return *best;
  for (const auto& container : observed.containers)
    if (container.service == service && container.state == engine::ContainerState::Paused &&
        (index <= 0 || (!container.one_off && container.number == index)))
      throw Error(Diagnostic::error("paused", "container '" + container.name + "' is paused")
                      .with_hint("'davit unpause " + service + "' lets it go on"));
  Diagnostic diagnostic =
      Diagnostic::error("not-running", "service \"" + service + "\" is not running" +
                                           (index > 0 ? " container #" + std::to_string(index) : ""));
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  if (const auto near = nearest(service, names); near && *near != service)
    diagnostic.with_hint("did you mean '" + *near + "'?");
  else
    diagnostic.with_hint("'davit ps --all' shows the containers, 'davit up -d " + service + "' starts it");
  throw Error(std::move(diagnostic));
}

}  // namespace davit::cli
