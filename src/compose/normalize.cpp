// Phase: what a file leaves unsaid. Names of resources, the default network, the Dockerfile, dependencies that follow
// from links, shared namespaces and shared volumes.

#include "davit/compose/origin.hpp"
#include "phases.hpp"

namespace davit::compose {
namespace {

using yaml::Entry;
using yaml::Node;

void default_network(Node& document) {
  bool used = false;
  if (Node* services = document.find("services"))
    for (Entry& entry : services->entries) {
      Node& service = entry.value;
      if (service.contains("provider") || service.contains("network_mode")) continue;
      const Node* networks = service.find("networks");
      if (networks == nullptr || networks->entries.empty()) {
        Node map = Node::map(service);
        map.set("default", by_default(Node::null(service)));
        service.set("networks", std::move(map));
        used = true;
      } else if (networks->contains("default")) {
        used = true;
      }
    }
  Node* networks = document.find("networks");
  if (!used || (networks != nullptr && networks->contains("default"))) return;
  if (networks == nullptr || !networks->is_map()) networks = &document.set("networks", Node::map());
  networks->set("default", Node::null());
}

/// Bare names get their value; what stays without one is kept or dropped.
void resolve_names(Node* node, const Environment& environment, bool keep_unset, const Tracking* tracking) {
  if (node == nullptr) return;
  std::erase_if(node->entries, [&](Entry& entry) {
    if (!entry.value.is_null()) return false;
    const auto found = environment.find(entry.key);
    if (found != environment.end()) {
      entry.value = Node::string(found->second, entry.value);
      if (tracking != nullptr) tracking->variable(entry.value, OriginStep::Kind::Environment, entry.key);
    }
    return found == environment.end() && !keep_unset;
  });
  std::erase_if(node->items, [&](Node& item) {
    if (item.text.find('=') != std::string::npos) return false;
    const auto found = environment.find(item.text);
    if (found != environment.end()) {
      if (tracking != nullptr) tracking->variable(item, OriginStep::Kind::Environment, item.text);
      item.text += "=" + found->second;
    }
    return found == environment.end() && !keep_unset;
  });
}

void depend(Node& service, const std::string& on, const Node& because, bool restart) {
  Node* depends_on = service.find("depends_on");
  if (depends_on == nullptr) depends_on = &service.set("depends_on", Node::map(because));
  if (depends_on->contains(on)) return;
  Node dependency = Node::map(because);
  const auto implied = [](Node value) { return by_default(std::move(value), KnownOrigin::Implied); };
  dependency.set("condition", implied(Node::string("service_started", because)));
  dependency.set("restart", implied(Node::boolean(restart, because)));
  dependency.set("required", implied(Node::boolean(true, because)));
  depends_on->set(on, std::move(dependency), because.span);
}

void implied_dependencies(Node& service) {
  if (const Node* links = service.find("links"))
    for (const Node& link : std::vector<Node>(links->items)) {
      const std::size_t colon = link.text.find(':');
      const bool alias = colon != std::string::npos && link.text.find(':', colon + 1) == std::string::npos;
      depend(service, alias ? link.text.substr(0, colon) : link.text, link, true);
    }
  for (const char* key : {"network_mode", "ipc", "pid", "uts", "cgroup"})
    if (const Node* mode = service.find(key); mode != nullptr && mode->text.starts_with("service:")) {
      const Node because = *mode;
      depend(service, because.text.substr(8), because, true);
    }
  if (const Node* sources = service.find("volumes_from"))
    for (const Node& source : std::vector<Node>(sources->items))
      if (!source.text.starts_with("container:"))
        depend(service, source.text.substr(0, source.text.find(':')), source, false);
}

void normalize_service(Node& service, const Environment& environment, const Tracking* tracking) {
  if (Node* policy = service.find("pull_policy"); policy != nullptr && policy->text == "if_not_present") {
    policy->text = "missing";
    if (tracking != nullptr) tracking->origins.mark_normalised(*policy, "if_not_present");
  }
  if (Node* build = service.find("build")) {
    if (!build->contains("context")) build->set("context", by_default(Node::string(".", *build)));
    if (!build->contains("dockerfile") && !build->contains("dockerfile_inline"))
      build->set("dockerfile", by_default(Node::string("Dockerfile", *build)));
    resolve_names(build->find("args"), environment, false, tracking);
  }
  resolve_names(service.find("environment"), environment, true, tracking);
  implied_dependencies(service);
  if (Node* volumes = service.find("volumes"))
    for (Node& volume : volumes->items)
      if (Node* target = volume.find("target")) target->text = clean_path(target->text);
  const Node* image = service.find("image");
  if (Node* hooks = service.find("pre_start"); hooks != nullptr && image != nullptr && !image->text.empty()) {
    const Node inherited = *image;
    for (Node& hook : hooks->items)
      if (!hook.contains("image")) hook.set("image", inherited);
  }
}

}  // namespace

void normalize(Node& document, const std::string& project_name, const Environment& environment,
               const Tracking* tracking) {
  default_network(document);
  if (Node* services = document.find("services"))
    for (Entry& entry : services->entries) normalize_service(entry.value, environment, tracking);
  for (const char* section : {"networks", "volumes", "configs", "secrets"})
    if (Node* resources = document.find(section))
      for (Entry& entry : resources->entries) {
        if (!entry.value.is_map())
          entry.value = Node::map(entry.value.span.known() ? entry.value.span : entry.key_span);
        if (entry.value.contains("name")) continue;
        const Node* external = entry.value.find("external");
        const bool as_is = external != nullptr && external->text == "true";
        Node name = Node::string(as_is ? entry.key : project_name + "_" + entry.key, entry.key_span);
        entry.value.set("name", as_is ? std::move(name) : by_default(std::move(name), KnownOrigin::NamedAfterProject));
      }
}

}  // namespace davit::compose
