#include "davit/picture/picture.hpp"

#include <algorithm>
#include <map>

#include "davit/graph/graph.hpp"

namespace davit::picture {
namespace {

std::string relative_to(const std::string& path, const std::string& folder) {
  if (path == folder) return ".";
  return path.starts_with(folder + "/") ? "." + path.substr(folder.size()) : path;
}

Port port_of(const model::Port& port) {
  Port result;
  if (port.published) {
    result.outside = std::to_string(port.published->first);
    if (port.published->last != port.published->first) result.outside += "-" + std::to_string(port.published->last);
  }
  const bool bracketed = port.host_ip.find(':') != std::string::npos;
  if (!port.host_ip.empty() && port.host_ip != "0.0.0.0")
    result.outside = (bracketed ? "[" + port.host_ip + "]" : port.host_ip) + ":" + result.outside;
  result.inside = std::to_string(port.target) + (port.protocol == "tcp" ? "" : "/" + port.protocol);
  return result;
}

Box box_of(const model::Service& service, const model::Project& project, bool enabled) {
  Box box;
  box.name = service.name;
  box.image = service.image;
  if (service.build) box.build = relative_to(service.build->context, project.working_dir);
  if (service.provider) box.provider = service.provider->type;
  for (const model::Port& port : service.ports) box.ports.push_back(port_of(port));
  for (const auto& [key, attachment] : service.networks) box.networks.push_back(key);
  box.network_mode = service.network_mode;
  box.profiles = service.profiles;
  box.replicas = service.replicas();
  box.health_check = service.healthcheck && service.healthcheck->test && !service.healthcheck->disabled();
  box.enabled = enabled;
  return box;
}

/// The service that "service:name" means; also the first part of "name:alias".
bool means(const std::string& text, const std::string& name) {
  return text == "service:" + name || text == name || text.starts_with(name + ":");
}

std::vector<std::string> through(const model::Service& service, const std::string& on) {
  std::vector<std::string> out;
  const auto share = [&](const char* attribute, const std::string& mode) {
    if (mode == "service:" + on) out.emplace_back(attribute);
  };
  share("network_mode", service.network_mode);
  share("pid", service.pid);
  share("ipc", service.ipc);
  share("uts", service.uts);
  share("cgroup", service.cgroup);
  const auto any = [&](const std::vector<std::string>& list) {
    return std::any_of(list.begin(), list.end(), [&on](const std::string& text) { return means(text, on); });
  };
  if (any(service.links)) out.emplace_back("links");
  if (any(service.volumes_from)) out.emplace_back("volumes_from");
  return out;
}

}  // namespace

Picture make_picture(const model::Project& project) {
  std::set<std::string> all;
  for (const auto& [name, service] : project.services) all.insert(name);
  return make_picture(project, all);
}

Picture make_picture(const model::Project& project, const std::set<std::string>& active) {
  Picture picture;
  picture.project = project.name;
  graph::Graph graph;
  std::map<std::string, std::size_t> index;
  for (const auto& [name, service] : project.services) {
    index[name] = picture.boxes.size();
    picture.boxes.push_back(box_of(service, project, active.contains(name)));
    graph.add(name);
  }
  for (const auto& [name, service] : project.services)
    for (const auto& [on, dependency] : service.depends_on) {
      if (!index.contains(on)) continue;
      picture.links.push_back({index[name], index[on], dependency.condition, dependency.required, dependency.restart,
                               through(service, on), dependency.where});
      graph.add_dependency(name, on);
    }
  const auto levels = graph.levels();
  for (std::size_t level = 0; level < levels.size(); ++level)
    for (const std::string& name : levels[level]) picture.boxes[index[name]].level = level;
  for (const auto& [key, network] : project.networks)
    picture.networks.push_back({key, network.name, network.driver, network.external, network.internal});
  return picture;
}

}  // namespace davit::picture
