#pragma once
// Projects, and states of an engine that fit them, for tests of plans.

#include <string>
#include <vector>

#include "davit/engine/observed.hpp"
#include "davit/model/project.hpp"
#include "davit/plan/config_diff.hpp"
#include "davit/plan/labels.hpp"
#include "davit/plan/make_plan.hpp"

namespace davit::test {

/// A project "p" on network "default" whose services have images of their own, "<service>-image", all present.
class SampleProject {
 public:
  SampleProject() {
    project.name = "p";
    project.working_dir = "/w";
    project.compose_files = {"/w/compose.yaml"};
    model::Network network;
    network.key = "default";
    network.name = "p_default";
    project.networks["default"] = network;
  }

  model::Service& add(const std::string& name) {
    model::Service& s = project.services[name];
    s.name = name;
    s.where.name = Span{std::make_shared<const std::string>("compose.yaml"), {line_ += 10, 3}, {line_, 6}};
    s.image = name + "-image";
    s.command = std::vector<std::string>{"run", name};
    s.networks["default"] = {};
    configure(name, R"({"image":")" + s.image + "\"}");
    options.images[s.image] = image("sha256:" + s.image);
    return s;
  }

  /// What a change of the file would do to the canonical configuration.
  void configure(const std::string& name, const std::string& json) {
    project.services[name].config_json = json;
    project.services[name].config_hash = "hash of " + json;
  }

  void depends(const std::string& name, const std::string& on,
               model::DependencyCondition condition = model::DependencyCondition::Started) {
    project.services[name].depends_on[on].condition = condition;
  }

  void add_volume(const std::string& service, const std::string& key) {
    model::Volume volume;
    volume.key = key;
    volume.name = "p_" + key;
    project.volumes[key] = volume;
    project.services[service].volumes.push_back({.source = key, .target = "/" + key});
  }

  static plan::ImageInfo image(const std::string& id) {
    plan::ImageInfo info;
    info.id = ImageId(id);
    info.os = "linux";
    info.architecture = "amd64";
    info.cmd = {"serve"};
    return info;
  }

  /// A container just as `up` would have made it.
  engine::ObservedContainer& observe(const std::string& service, int number = 1,
                                     engine::ContainerState state = engine::ContainerState::Running) {
    const model::Service& s = project.services.at(service);
    engine::ObservedContainer c;
    c.id = ContainerId(service + std::to_string(number) + "0123456789abcdef");
    c.name = plan::container_name(project, s, number);
    c.project = "p";
    c.service = service;
    c.number = number;
    c.state = state;
    c.image_name = model::image_name(project, s);
    if (const auto info = options.images.find(c.image_name); info != options.images.end()) c.image = info->second.id;
    c.labels[plan::label::kConfigHash] = s.config_hash;
    c.labels[plan::label::kConfigKeys] = plan::config_keys(s.config_json);
    for (const auto& [key, attachment] : s.networks)
      c.networks.push_back({.network = project.networks.at(key).name, .aliases = {}});
    for (const auto& m : s.volumes)
      if (m.type == model::MountType::Volume)
        c.mounts.push_back({.source = project.volumes.at(m.source).name, .target = m.target, .tmpfs_options = {}});
    observed.containers.push_back(std::move(c));
    return observed.containers.back();
  }

  void observe_networks() {
    for (const auto& [key, network] : project.networks) {
      const auto spec = plan::make_network_spec(project, network);
      observed.networks.push_back(
          {.name = spec.name, .key = key, .project = "p", .config_hash = spec.config_hash, .labels = {}});
    }
  }

  void observe_volumes() {
    for (const auto& [key, volume] : project.volumes) {
      const auto spec = plan::make_volume_spec(project, volume);
      observed.volumes.push_back(
          {.name = spec.name, .key = key, .project = "p", .config_hash = spec.config_hash, .labels = {}});
    }
  }

  /// Everything is up and as it should be.
  void observe_all() {
    observe_networks();
    observe_volumes();
    for (const auto& [name, service] : project.services) observe(name);
  }

  model::Project project;
  engine::Observed observed;
  plan::UpOptions options;

 private:
  std::uint32_t line_ = 0;
};

inline std::string text_of(const Result<plan::Plan, Diagnostics>& result) {
  if (result) return result->to_string();
  std::string out;
  for (const Diagnostic& d : result.error().items()) out += "error: " + d.message + "\n";
  return out;
}

}  // namespace davit::test
