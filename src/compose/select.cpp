// Phases: profiles, selection, and dropping of what is not used.

#include <algorithm>
#include <set>

#include "davit/base/suggest.hpp"
#include "davit/graph/graph.hpp"
#include "phases.hpp"

namespace davit::compose {
namespace {

using yaml::Entry;
using yaml::Node;

bool enabled(const Node& service, const std::vector<std::string>& profiles) {
  const Node* own = service.find("profiles");
  if (own == nullptr || own->items.empty()) return true;
  for (const std::string& profile : profiles) {
    if (profile == "*") return true;
    for (const Node& item : own->items)
      if (item.text == profile) return true;
  }
  return false;
}

/// Moves entries between maps by a condition on them.
template <class Condition>
void move_entries(Node& from, Node& to, Condition condition) {
  std::vector<Entry> moved;
  std::erase_if(from.entries, [&](Entry& entry) {
    if (!condition(entry)) return false;
    moved.push_back(std::move(entry));
    return true;
  });
  to.add_missing(std::move(moved));
}

Node& services_of(Node& document) {
  Node* services = document.find("services");
  return services != nullptr && services->is_map() ? *services : document.set("services", Node::map());
}

graph::Graph dependency_graph(const Node& services) {
  graph::Graph graph;
  for (const Entry& entry : services.entries) {
    graph.add(entry.key);
    if (const Node* depends_on = entry.value.find("depends_on"))
      for (const Entry& dependency : depends_on->entries)
        if (services.contains(dependency.key)) graph.add_dependency(entry.key, dependency.key);
  }
  return graph;
}

bool is_required(const Node& dependency) {
  const Node* required = dependency.find("required");
  return required == nullptr || required->is_true();
}

/// A service that is to run needs its dependencies, and no profile that was named may have left one out.
void check_dependencies(const Node& services, const Node& disabled, const std::set<std::string>& kept,
                        Diagnostics& diagnostics) {
  for (const Entry& entry : services.entries) {
    const Node* depends_on = kept.contains(entry.key) ? entry.value.find("depends_on") : nullptr;
    if (depends_on == nullptr) continue;
    for (const Entry& dependency : depends_on->entries)
      if (const Node* other = disabled.find(dependency.key); other != nullptr && is_required(dependency.value))
        diagnostics.add(disabled_dependency(entry, dependency, *other));
  }
}

}  // namespace

void apply_profiles(Node& document, Node& disabled, const std::vector<std::string>& profiles) {
  disabled = Node::map();
  move_entries(services_of(document), disabled, [&](const Entry& entry) { return !enabled(entry.value, profiles); });
}

void select_services(Node& document, Node& disabled, const LoadRequest& request, Diagnostics& diagnostics) {
  if (request.services.empty()) return;
  Node& services = services_of(document);
  // Naming a service enables its profiles, for all services.
  std::vector<std::string> profiles;
  for (const std::string& name : request.services) {
    const Node* service = disabled.find(name);
    const Node* own = service == nullptr ? nullptr : service->find("profiles");
    if (own != nullptr)
      for (const Node& item : own->items) profiles.push_back(item.text);
    if (service == nullptr && !services.contains(name)) {
      std::vector<std::string> names;
      for (const Entry& entry : services.entries) names.push_back(entry.key);
      auto item = Diagnostic::error("no-such-service", "no such service: " + name);
      item.note("services in this project: " + join_names(names));
      if (const auto near = nearest(name, names)) item.with_hint("did you mean '" + *near + "'?");
      diagnostics.add(std::move(item));
    }
  }
  if (!profiles.empty())
    move_entries(disabled, services, [&](const Entry& entry) { return enabled(entry.value, profiles); });
  std::set<std::string> kept(request.services.begin(), request.services.end());
  if (request.dependencies == Dependencies::Include)
    kept = dependency_graph(services).with_dependencies(request.services);
  if (request.dependencies == Dependencies::Include && request.options.check_consistency)
    check_dependencies(services, disabled, kept, diagnostics);
  move_entries(services, disabled, [&](const Entry& entry) { return !kept.contains(entry.key); });
  for (Entry& entry : services.entries)
    if (Node* depends_on = entry.value.find("depends_on"))
      std::erase_if(depends_on->entries, [&](const Entry& dependency) { return !kept.contains(dependency.key); });
}

void prune_resources(Node& document) {
  std::map<std::string, std::set<std::string>> used;
  const auto use_keys = [&](const char* section, const Node* map) {
    if (map != nullptr)
      for (const Entry& entry : map->entries) used[section].insert(entry.key);
  };
  const auto use_sources = [&](const char* section, const Node* list) {
    if (list != nullptr)
      for (const Node& item : list->items)
        if (const Node* source = item.find("source")) used[section].insert(source->text);
  };
  for (const Entry& entry : services_of(document).entries) {
    const Node& service = entry.value;
    use_keys("networks", service.find("networks"));
    use_keys("models", service.find("models"));
    use_sources("secrets", service.find("secrets"));
    use_sources("configs", service.find("configs"));
    if (const Node* build = service.find("build")) use_sources("secrets", build->find("secrets"));
    if (const Node* volumes = service.find("volumes"))
      for (const Node& volume : volumes->items) {
        const Node* type = volume.find("type");
        const Node* source = volume.find("source");
        if (type != nullptr && type->text == "volume" && source != nullptr) used["volumes"].insert(source->text);
      }
  }
  for (const char* section : {"networks", "volumes", "secrets", "configs", "models"})
    if (Node* resources = document.find(section))
      std::erase_if(resources->entries, [&](const Entry& entry) { return !used[section].contains(entry.key); });
}

}  // namespace davit::compose
