#pragma once
// A Compose project as the rest of davit knows it: the result of a load. Plain values; equal means equal.

#include <map>
#include <string>
#include <vector>

#include "davit/base/span.hpp"
#include "davit/model/resources.hpp"
#include "davit/model/service.hpp"

namespace davit::model {

struct Project {
  std::string name;
  /// Between the parts of the names of containers and built images: "-", or "_" with `--compatibility`.
  std::string separator = "-";
  std::string working_dir;                 ///< absolute; relative paths of the files start here
  std::vector<std::string> compose_files;  ///< absolute, in the order of merging; "-" for standard input
  std::vector<std::string> env_files;      ///< absolute, those that were read for interpolation
  /// Variables that interpolation sees: the process environment over the env files, and COMPOSE_PROJECT_NAME.
  std::map<std::string, std::string> environment;

  std::map<std::string, Service> services;  ///< enabled by profiles and selection
  /// Services that an inactive profile or the selection leaves out. Their containers are no orphans.
  std::map<std::string, Service> disabled_services;
  std::map<std::string, Network> networks;
  std::map<std::string, Volume> volumes;
  std::map<std::string, FileObject> secrets;
  std::map<std::string, FileObject> configs;
  std::map<std::string, AiModel> models;

  friend bool operator==(const Project&, const Project&) = default;
};

/// The name of the image that a service runs: `image:`, else "<project><separator><service>".
[[nodiscard]] std::string image_name(const Project& project, const Service& service);

}  // namespace davit::model
