#include "davit/plan/places.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace davit::plan {
namespace {

using model::Service;

bool has(const Service& service, const std::string& attribute) {
  return service.where.attributes.contains(attribute);
}

const Span& image_place(const Service& service) {
  return service.where.of(has(service, "image") ? "image" : "build");
}

std::string_view without_trailing_slash(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return path;
}

const model::FileGrant* grant_of(const std::vector<model::FileGrant>& grants, const std::string& source) {
  const auto found =
      std::find_if(grants.begin(), grants.end(), [&](const auto& grant) { return grant.source == source; });
  return found == grants.end() ? nullptr : &*found;
}

/// Whatever the service mounts at this path. What nothing of it does is a volume of the image, or davit's own.
Span mount_place(const Service& service, const std::string& target) {
  for (const auto& mount : service.volumes)
    if (without_trailing_slash(mount.target) == target) return mount.where;
  for (const auto& mount : service.tmpfs)
    if (without_trailing_slash(mount.target) == target) return mount.where;
  for (const auto* grants : {&service.secrets, &service.configs})
    for (const auto& grant : *grants)
      if (without_trailing_slash(grant.target) == target) return grant.where;
  return image_place(service);
}

/// "secrets.file" and "configs.file" are about the file that a declaration names.
Span file_place(const Service& service, const std::map<std::string, model::FileObject>& objects,
                const std::vector<model::FileGrant>& grants, const std::string& key) {
  const auto object = objects.find(key);
  if (object != objects.end() && object->second.file_where.known()) return object->second.file_where;
  const auto* const grant = grant_of(grants, key);
  return grant == nullptr ? service.where.name : grant->where;
}

Span network_place(const model::Project& project, const Service& service, const Diagnostic::Subject& subject) {
  for (const auto& [key, attachment] : service.networks) {
    const auto network = project.networks.find(key);
    if (network == project.networks.end() || network->second.name != subject.item) continue;
    const auto option = service.where.attributes.find("networks." + key + "." + subject.attribute);
    return option == service.where.attributes.end() ? attachment.where : option->second;
  }
  return service.where.of(subject.attribute);
}

Span port_place(const Service& service, const std::string& digits) {
  std::size_t index = service.ports.size();
  (void)std::from_chars(digits.data(), digits.data() + digits.size(), index);
  return index < service.ports.size() ? service.ports[index].where : service.where.of("ports");
}

Span device_place(const Service& service, const std::string& path) {
  for (const auto& device : service.devices)
    if (device.source == path || device.target == path) return device.where;
  return service.where.of("devices");
}

/// An entrypoint comes first, unless it is empty.
Span command_place(const Service& service) {
  if (service.entrypoint && !service.entrypoint->empty()) return service.where.of("entrypoint");
  return service.command && !service.command->empty() && has(service, "command") ? service.where.of("command")
                                                                                 : image_place(service);
}

bool is_one_of(const std::string& name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

Span place_of(const model::Project& project, const Service& service, const Diagnostic::Subject& subject) {
  const std::string& attribute = subject.attribute;
  const std::string& item = subject.item;
  if (attribute == "command") return command_place(service);
  if (attribute == "volumes") return mount_place(service, item);
  if (attribute == "secrets.file") return file_place(service, project.secrets, service.secrets, item);
  if (attribute == "configs.file") return file_place(service, project.configs, service.configs, item);
  if (attribute == "ports") return port_place(service, item);
  if (attribute == "devices") return device_place(service, item);
  if (is_one_of(attribute, {"ipv4_address", "ipv6_address"})) return network_place(project, service, subject);
  if (has(service, attribute)) return service.where.of(attribute, item);
  if (is_one_of(attribute, {"user", "working_dir", "stop_signal", "image"})) return image_place(service);
  if (is_one_of(attribute, {"cpus", "mem_limit", "mem_reservation", "pids_limit"}) && service.deploy)
    return service.where.of("deploy");
  return service.where.name;
}

}  // namespace davit::plan
