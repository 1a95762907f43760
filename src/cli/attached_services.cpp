#include "attached_services.hpp"

#include <algorithm>

#include "davit/base/suggest.hpp"

namespace davit::cli {
namespace {

std::set<std::string> all_of(const model::Project& project) {
  std::set<std::string> names;
  for (const auto& [name, service] : project.services) names.insert(name);
  return names;
}

}  // namespace

Result<std::set<std::string>> attached_services(const model::Project& project, const UpFlags& flags) {
  std::set<std::string> attached(flags.attach_to.begin(), flags.attach_to.end());
  for (const std::string& name : attached)
    if (!project.services.contains(name))
      return Diagnostic::error("cannot-attach", "cannot attach to services not included in up: " + name);
  if (attached.empty()) {
    // The project holds the services named and what they depend on, and no others.
    const bool all = flags.services.empty() || flags.attach_dependencies;
    attached = all ? all_of(project) : std::set<std::string>(flags.services.begin(), flags.services.end());
    std::erase_if(attached, [&](const std::string& name) {
      const auto service = project.services.find(name);
      return service == project.services.end() || !service->second.attach;
    });
  }
  for (const std::string& name : flags.no_attach) attached.erase(name);
  return attached.empty() ? all_of(project) : attached;
}

std::map<std::string, std::string> watched_containers(const plan::Plan& plan, const UpFlags& flags,
                                                      const std::set<std::string>& attached) {
  const std::set<std::string> named(flags.services.begin(), flags.services.end());
  std::map<std::string, std::string> watched;
  for (const auto& slot : plan.slots) {
    const bool counts = named.empty() ? attached.contains(slot.service) : named.contains(slot.service);
    if (counts || slot.service == flags.exit_code_from) watched.emplace(slot.name, slot.service);
  }
  return watched;
}

}  // namespace davit::cli
