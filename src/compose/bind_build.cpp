// How a service is built.

#include <algorithm>

#include "bind_parts.hpp"

namespace davit::compose::bind {

using yaml::Entry;
using yaml::Node;

/// DOCKER_DEFAULT_PLATFORM is the platform of built services that name none; nullopt when that changes nothing.
std::optional<Node> on_default_platform(const Node& service, const Surroundings& around) {
  const auto found = around.environment.find("DOCKER_DEFAULT_PLATFORM");
  const Node* build = service.find("build");
  if (found == around.environment.end() || found->second.empty()) return std::nullopt;
  if (build == nullptr || !text(service, "platform").empty()) return std::nullopt;
  const auto& platforms = at(*build, "platforms").items;
  const auto same = [&](const Node& item) { return item.text == found->second; };
  if (!platforms.empty() && std::none_of(platforms.begin(), platforms.end(), same))
    around.error("build-platform",
                 "'build.platforms' lacks the platform '" + found->second + "' of DOCKER_DEFAULT_PLATFORM",
                 at(*build, "platforms").span, "add it, or set 'platform' of the service");
  Node copy = service;
  copy.set("platform", Node::string(found->second, *build));
  return copy;
}

model::Build build(const Node& node, const Surroundings& around) {
  model::Build bound;
  bound.where = node.span;
  for (const Entry& entry : node.entries) bound.places[entry.key] = entry.value.span;
  bound.context = text(node, "context").empty() ? around.working_dir : text(node, "context");
  bound.dockerfile = text(node, "dockerfile");
  bound.dockerfile_inline = text(node, "dockerfile_inline");
  bound.args = maybe_pairs(at(node, "args"));
  bound.target = text(node, "target");
  bound.labels = pairs(at(node, "labels"));
  bound.additional_contexts = pairs(at(node, "additional_contexts"));
  bound.cache_from = texts(at(node, "cache_from"));
  bound.cache_to = texts(at(node, "cache_to"));
  bound.no_cache = flag(node, "no_cache");
  bound.no_cache_filter = texts(at(node, "no_cache_filter"));
  bound.pull = flag(node, "pull");
  bound.privileged = flag(node, "privileged");
  bound.network = text(node, "network");
  bound.isolation = text(node, "isolation");
  bound.shm_size = nonzero(node, "shm_size");
  bound.tags = texts(at(node, "tags"));
  bound.platforms = texts(at(node, "platforms"));
  bound.entitlements = texts(at(node, "entitlements"));
  for (const Node& key : at(node, "ssh").items) {
    const std::size_t equals = key.text.find('=');
    bound.ssh[key.text.substr(0, equals)] = equals == std::string::npos ? "" : key.text.substr(equals + 1);
  }
  bound.secrets = grants(at(node, "secrets"), "");
  bound.extra_hosts = hosts(at(node, "extra_hosts"));
  bound.ulimits = ulimits(at(node, "ulimits"));
  bound.provenance = text(node, "provenance");
  bound.sbom = text(node, "sbom");
  return bound;
}

}  // namespace davit::compose::bind
