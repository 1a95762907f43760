// A project from the labels of its containers, for commands that have no file.

#include <sstream>

#include "davit/plan/labels.hpp"
#include "davit/plan/make_plan.hpp"

namespace davit::plan {
namespace {

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string item; std::getline(in, item, separator);) out.push_back(item);
  return out;
}

std::string label_of(const std::map<std::string, std::string>& labels, const char* name) {
  const auto found = labels.find(name);
  return found == labels.end() ? std::string() : found->second;
}

/// "db:service_healthy:false,…"
void read_dependencies(const std::string& text, model::Service& service) {
  for (const std::string& item : split(text, ',')) {
    const auto parts = split(item, ':');
    if (parts.empty() || parts[0].empty()) continue;
    model::Dependency& dependency = service.depends_on[parts[0]];
    for (const auto condition :
         {model::DependencyCondition::Healthy, model::DependencyCondition::CompletedSuccessfully})
      if (parts.size() > 1 && parts[1] == model::to_string(condition)) dependency.condition = condition;
    dependency.restart = parts.size() > 2 && parts[2] == "true";
  }
}

}  // namespace

model::Project project_from(const std::string& name, const engine::Observed& observed) {
  model::Project project;
  project.name = name;
  for (const auto& c : observed.containers) {
    if (c.service.empty()) continue;
    model::Service& service = project.services[c.service];
    service.name = c.service;
    const std::string default_image = name + "-" + c.service;
    service.image = c.image_name == default_image ? "" : c.image_name;
    read_dependencies(label_of(c.labels, label::kDependsOn), service);
    if (project.working_dir.empty()) project.working_dir = label_of(c.labels, label::kWorkingDir);
    if (project.compose_files.empty()) project.compose_files = split(label_of(c.labels, label::kConfigFiles), ',');
    if (!c.one_off) service.scale = service.scale.value_or(0) + 1;
  }
  // Only what exists can be depended on here.
  for (auto& [service_name, service] : project.services)
    std::erase_if(service.depends_on, [&](const auto& entry) { return !project.services.contains(entry.first); });
  for (const auto& n : observed.networks) {
    model::Network network;
    network.key = n.key;
    network.name = n.name;
    project.networks[n.key] = std::move(network);
  }
  for (const auto& v : observed.volumes) {
    if (v.anonymous) continue;
    model::Volume volume;
    volume.key = v.key;
    volume.name = v.name;
    project.volumes[v.key] = std::move(volume);
  }
  return project;
}

}  // namespace davit::plan
