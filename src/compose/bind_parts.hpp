#pragma once
// The typed model from a checked document, each subject in a file of its own. A function of a service's part fills in
// what it is named after.

#include <string>
#include <vector>

#include "bind_values.hpp"
#include "davit/model/project.hpp"
#include "phases.hpp"

namespace davit::compose::bind {

/// What the parts need besides the document.
struct Surroundings {
  const Environment& environment;  ///< of the project
  const std::string& working_dir;  ///< of the project
  Diagnostics& diagnostics;

  void error(std::string code, std::string message, const Span& where, std::string hint = {}) const;
};

// bind_build.cpp
/// DOCKER_DEFAULT_PLATFORM is the platform of built services that name none; nullopt when that changes nothing.
[[nodiscard]] std::optional<yaml::Node> on_default_platform(const yaml::Node& service, const Surroundings& around);
[[nodiscard]] model::Build build(const yaml::Node& node, const Surroundings& around);

// bind_life.cpp
/// Dependencies, health, restart, hooks and `develop`.
void life(const yaml::Node& node, model::Service& service);

// bind_network.cpp
void network(const yaml::Node& node, model::Service& service, const Surroundings& around);

// bind_storage.cpp
/// Volumes, secrets, configs, devices, logging.
void storage(const yaml::Node& node, model::Service& service);
/// A target that is not absolute lies in `folder`; without one it is named as the source.
[[nodiscard]] std::vector<model::FileGrant> grants(const yaml::Node& list, const std::string& folder);

// bind_limits.cpp
[[nodiscard]] model::Deploy deploy(const yaml::Node& node);
[[nodiscard]] std::map<std::string, model::Ulimit> ulimits(const yaml::Node& map);
[[nodiscard]] std::vector<model::DeviceRequest> device_requests(const yaml::Node& list);
void limits(const yaml::Node& node, model::Service& service);
void isolation(const yaml::Node& node, model::Service& service);

// bind_resources.cpp
[[nodiscard]] model::Network network_of(const yaml::Entry& entry);
[[nodiscard]] model::Volume volume_of(const yaml::Entry& entry);
[[nodiscard]] model::FileObject file_object(const yaml::Entry& entry);
[[nodiscard]] model::AiModel ai_model(const yaml::Entry& entry);

}  // namespace davit::compose::bind
