// Networks and volumes of a project in the engine's terms.

#include "davit/base/sha256.hpp"
#include "davit/plan/labels.hpp"
#include "davit/plan/make_spec.hpp"

namespace davit::plan {
namespace {

std::map<std::string, std::string> labels_of(const model::Project& project, const std::string& key,
                                             const char* key_label, std::map<std::string, std::string> own,
                                             const std::string& hash) {
  own[label::kProject] = project.name;
  own[label::kVersion] = DAVIT_VERSION;
  own[label::kConfigHash] = hash;
  own[key_label] = key;
  return own;
}

}  // namespace

engine::NetworkSpec make_network_spec(const model::Project& project, const model::Network& network) {
  engine::NetworkSpec spec;
  spec.name = network.name;
  spec.key = network.key;
  spec.project = project.name;
  spec.driver = network.driver.empty() || network.driver == "default" ? "bridge" : network.driver;
  spec.driver_opts = network.driver_opts;
  spec.internal = network.internal;
  spec.enable_ipv6 = network.enable_ipv6.value_or(false);
  for (const model::IpamPool& pool : network.ipam_config)
    spec.ipam.push_back({.subnet = pool.subnet, .gateway = pool.gateway, .ip_range = pool.ip_range});
  spec.labels = network.labels;
  spec.config_hash = sha256_hex(engine::to_json(spec));  // of all that the file says; the labels below follow from it
  spec.labels = labels_of(project, network.key, label::kNetwork, network.labels, spec.config_hash);
  return spec;
}

engine::VolumeSpec make_volume_spec(const model::Project& project, const model::Volume& volume) {
  engine::VolumeSpec spec;
  spec.name = volume.name;
  spec.key = volume.key;
  spec.project = project.name;
  spec.driver = volume.driver.empty() ? "local" : volume.driver;
  spec.driver_opts = volume.driver_opts;
  spec.labels = volume.labels;
  spec.config_hash = sha256_hex(engine::to_json(spec));
  spec.labels = labels_of(project, volume.key, label::kVolume, volume.labels, spec.config_hash);
  return spec;
}

}  // namespace davit::plan
