// `wait`, and the end of a container of `run`.

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "davit/runtime/exit_event.hpp"
#include "davit/runtime/runtime.hpp"

namespace davit::runtime {

Task<std::vector<WaitedExit>> wait_for_exit(engine::Engine& engine, const model::Project& project,
                                            std::vector<std::string> services, WaitUntil until) {
  for (const std::string& service : services)
    if (!project.services.contains(service)) throw Error("no such service: " + service);
  std::int64_t since = co_await engine.newest_event();
  const engine::Observed observed = co_await engine.observe();
  std::vector<WaitedExit> exits;
  std::set<ContainerId> open;
  for (const engine::ObservedContainer& c : observed.containers) {
    if (c.one_off || std::find(services.begin(), services.end(), c.service) == services.end()) continue;
    const bool up = c.state == engine::ContainerState::Running || c.state == engine::ContainerState::Paused ||
                    c.state == engine::ContainerState::Restarting;
    if (up) {
      open.insert(c.id);
    } else {
      exits.push_back({c.name, c.service, c.id, c.exit_code});
    }
  }
  if (open.empty() && exits.empty())
    throw Error(Diagnostic::error("no-container", fmt::format("no containers for project \"{}\"", project.name)));
  while (!open.empty() && (until == WaitUntil::AllExited || exits.empty())) {
    const std::vector<engine::Event> events = co_await engine.next_events(since);
    if (events.empty()) throw Error("the engine of this project has shut down while its containers were awaited");
    for (const engine::Event& event : events) {
      since = event.id;
      const auto exit = exit_of(event);
      if (!exit || exit->restarting || open.erase(ContainerId(event.container)) == 0) continue;
      exits.push_back({event.name, event.service, ContainerId(event.container), exit->code});
    }
  }
  if (until == WaitUntil::FirstExited && exits.size() > 1) exits.resize(1);
  co_return exits;
}

Task<int> wait_for_container(engine::Engine& engine, ContainerId id, std::int64_t since) {
  for (;;) {
    const std::vector<engine::Event> events = co_await engine.next_events(since);
    if (events.empty()) throw Error("the engine of this project has shut down while its container was awaited");
    for (const engine::Event& event : events) {
      since = event.id;
      const auto exit = exit_of(event);
      if (exit && !exit->restarting && event.container == id.str()) co_return exit->code;
    }
  }
}

}  // namespace davit::runtime
