// Networks, volumes, secrets, configs and models.

#include "bind_parts.hpp"
#include "davit/base/sha256.hpp"
#include "davit/compose/render.hpp"

namespace davit::compose::bind {

using yaml::Entry;
using yaml::Node;

namespace {

/// What all resources have that are declared at the top level and live beside the project's containers.
template <class Resource>
Resource resource_of(const Entry& entry) {
  const Node& node = entry.value;
  Resource resource;
  resource.where = entry.key_span;
  resource.key = entry.key;
  resource.name = text(node, "name");
  resource.driver = text(node, "driver");
  resource.driver_opts = pairs(at(node, "driver_opts"));
  resource.external = flag(node, "external");
  resource.labels = pairs(at(node, "labels"));
  return resource;
}

}  // namespace

model::Network network_of(const Entry& entry) {
  const Node& node = entry.value;
  auto network = resource_of<model::Network>(entry);
  const Node& ipam = at(node, "ipam");
  network.ipam_driver = text(ipam, "driver");
  network.ipam_options = pairs(at(ipam, "options"));
  for (const Node& item : at(ipam, "config").items) {
    model::IpamPool& pool = network.ipam_config.emplace_back();
    pool.where = item.span;
    pool.subnet = text(item, "subnet");
    pool.ip_range = text(item, "ip_range");
    pool.gateway = text(item, "gateway");
    pool.aux_addresses = pairs(at(item, "aux_addresses"));
  }
  network.internal = flag(node, "internal");
  network.attachable = flag(node, "attachable");
  network.enable_ipv4 = maybe_flag(node, "enable_ipv4");
  network.enable_ipv6 = maybe_flag(node, "enable_ipv6");
  network.config_hash = sha256_hex(render_network_config(node));
  return network;
}

model::Volume volume_of(const Entry& entry) {
  auto volume = resource_of<model::Volume>(entry);
  volume.config_hash = sha256_hex(render_volume_config(entry.value));
  return volume;
}

model::FileObject file_object(const Entry& entry) {
  const Node& node = entry.value;
  auto object = resource_of<model::FileObject>(entry);
  object.file = text(node, "file");
  object.file_where = at(node, "file").span;
  object.environment = text(node, "environment");
  for (const char* source : {"content", "x-#value"})
    if (const Node* content = node.find(source)) object.content = content->text;
  object.template_driver = text(node, "template_driver");
  return object;
}

model::AiModel ai_model(const Entry& entry) {
  model::AiModel model;
  model.where = entry.key_span;
  model.key = entry.key;
  model.name = text(entry.value, "name");
  model.model = text(entry.value, "model");
  model.context_size = integer(entry.value, "context_size");
  model.runtime_flags = texts(at(entry.value, "runtime_flags"));
  return model;
}

}  // namespace davit::compose::bind
