// What cannot work is said before anything is done.

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "up_planner.hpp"

namespace davit::plan {
namespace {

constexpr std::int64_t kMostContainers =
    10'000;  // a network of Docker's size has 65 534 addresses; nobody wants them all

}  // namespace

std::int64_t UpPlanner::replicas_of(const model::Service& service) const {
  const auto asked = options_.scale.find(service.name);
  return asked == options_.scale.end() ? service.replicas() : asked->second;
}

void UpPlanner::check_services(const std::vector<const model::Service*>& services) {
  std::set<std::string> networks;
  std::set<std::string> volumes;
  std::int64_t containers = 0;
  for (const model::Service* s : services) {
    problems_.append(check_supported(project_, *s));
    const std::int64_t more = std::clamp<std::int64_t>(replicas_of(*s), 0, kMostContainers + 1);
    if (containers <= kMostContainers && containers + more > kMostContainers)
      problems_.add(Diagnostic::error("too-many-containers",
                                      fmt::format("service '{}' makes it more than {} containers, the most that davit "
                                                  "starts for one project",
                                                  s->name, kMostContainers),
                                      s->where.of(s->where.attributes.contains("scale") ? "scale" : "deploy"))
                        .with_hint("lower 'scale' or 'deploy.replicas'"));
    containers += more;
    if (!s->container_name.empty() && replicas_of(*s) > 1)
      problems_.add(Diagnostic::error("named-replicas",
                                      fmt::format("service '{}' cannot have {} containers: 'container_name' gives all "
                                                  "of them the name '{}'",
                                                  s->name, replicas_of(*s), s->container_name),
                                      s->where.of("container_name")));
    for (const auto& [key, attachment] : s->networks) networks.insert(key);
    for (const model::Mount& m : s->volumes)
      if (m.type == model::MountType::Volume) volumes.insert(m.source);
  }
  for (const std::string& key : networks)
    if (const auto found = project_.networks.find(key); found != project_.networks.end())
      problems_.append(check_supported(found->second));
  for (const std::string& key : volumes)
    if (const auto found = project_.volumes.find(key); found != project_.volumes.end())
      problems_.append(check_supported(found->second));
  for (const auto& [name, count] : options_.scale)
    if (!project_.services.contains(name))
      problems_.add(Diagnostic::error("no-such-service", "no such service: " + name));
  check_ports(services);
}

namespace {

bool is_range(const model::Port& port) {
  return port.published && port.published->first != 0 && port.published->first != port.published->last;
}

}  // namespace

/// A range gives each container one port of it.
void UpPlanner::check_range(const model::Service& service, const model::Port& port, std::int64_t replicas) {
  const std::int64_t size = std::int64_t{port.published->last} - port.published->first + 1;
  if (replicas <= size) return;
  problems_.add(
      Diagnostic::error("port-of-replicas",
                        fmt::format("service '{}' is to have {} containers, but the range {}-{} has {} ports",
                                    service.name, replicas, port.published->first, port.published->last, size),
                        port.where)
          .with_hint("publish a wider range, or no host port at all"));
}

void UpPlanner::check_ports(const std::vector<const model::Service*>& services) {
  struct Use {
    const model::Port* port;
    const model::Service* service;
  };
  std::map<std::pair<std::string, std::uint16_t>, std::vector<Use>> uses;
  for (const model::Service* s : services) {
    const std::int64_t replicas = replicas_of(*s);
    if (replicas == 0) continue;
    for (const model::Port& p : s->ports) {
      if (is_range(p)) check_range(*s, p, replicas);
      if (!model::is_fixed(p)) continue;
      if (replicas > 1)
        problems_.add(Diagnostic::error("port-of-replicas",
                                        fmt::format("service '{}' is to have {} containers, but all of them would "
                                                    "publish port {}",
                                                    s->name, replicas, p.published->first),
                                        p.where)
                          .with_hint("publish a range, such as '8000-8010:80', or no host port at all"));
      auto& same = uses[{p.protocol, p.published->first}];
      for (const Use& other : same) {
        if (!model::clash(p, *other.port)) continue;
        const std::string who =
            other.service == s
                ? fmt::format("service '{}' publishes port {}/{} twice", s->name, p.published->first, p.protocol)
                : fmt::format("services '{}' and '{}' both publish port {}/{}", other.service->name, s->name,
                              p.published->first, p.protocol);
        problems_.add(
            Diagnostic::error("port-published-twice", who, p.where).note("published before", other.port->where));
        break;
      }
      same.push_back({&p, s});
    }
  }
}

}  // namespace davit::plan
