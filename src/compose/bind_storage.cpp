// Files of a service.

#include "bind_parts.hpp"

namespace davit::compose::bind {
namespace {

using yaml::Node;

model::Mount mount(const Node& node) {
  using model::MountType;
  model::Mount mount;
  mount.where = node.span;
  const std::string type = text(node, "type");
  mount.type = type == "bind"      ? MountType::Bind
               : type == "tmpfs"   ? MountType::Tmpfs
               : type == "image"   ? MountType::Image
               : type == "cluster" ? MountType::Cluster
               : type == "npipe"   ? MountType::NamedPipe
                                   : MountType::Volume;
  mount.source = text(node, "source");
  mount.target = text(node, "target");
  mount.read_only = flag(node, "read_only");
  mount.consistency = text(node, "consistency");
  const Node& bind = at(node, "bind");
  mount.propagation = text(bind, "propagation");
  // Only who says so gets an error instead of a new folder, whichever form the mount has.
  mount.create_host_path = maybe_flag(bind, "create_host_path").value_or(true);
  mount.recursive = text(bind, "recursive");
  mount.selinux = text(bind, "selinux");
  const Node& volume = at(node, "volume");
  mount.no_copy = flag(volume, "nocopy");
  mount.subpath = text(volume, "subpath") + text(at(node, "image"), "subpath");
  mount.labels = pairs(at(volume, "labels"));
  const Node& tmpfs = at(node, "tmpfs");
  mount.tmpfs_size = nonzero(tmpfs, "size");
  if (const auto mode = integer(tmpfs, "mode")) mount.tmpfs_mode = static_cast<std::uint32_t>(*mode);
  return mount;
}

}  // namespace

/// A target that is not absolute lies in `folder`; without one it is named as the source.
std::vector<model::FileGrant> grants(const Node& list, const std::string& folder) {
  std::vector<model::FileGrant> result;
  for (const Node& item : list.items) {
    model::FileGrant& grant = result.emplace_back();
    grant.where = item.span;
    grant.source = text(item, "source");
    grant.target = text(item, "target").empty() ? grant.source : text(item, "target");
    if (!folder.empty() && !grant.target.starts_with('/')) grant.target = folder + grant.target;
    if (item.contains("uid")) grant.uid = text(item, "uid");
    if (item.contains("gid")) grant.gid = text(item, "gid");
    if (const auto mode = integer(item, "mode")) grant.mode = static_cast<std::uint32_t>(*mode);
  }
  return result;
}

void storage(const Node& node, model::Service& service) {
  for (const Node& item : at(node, "volumes").items) service.volumes.push_back(mount(item));
  service.volumes_from = texts(at(node, "volumes_from"));
  for (const Node& item : at(node, "tmpfs").items) {
    const std::size_t colon = item.text.find(':');
    service.tmpfs.push_back(
        {item.span, item.text.substr(0, colon), colon == std::string::npos ? "" : item.text.substr(colon + 1)});
  }
  service.secrets = grants(at(node, "secrets"), "/run/secrets/");
  service.configs = grants(at(node, "configs"), "/");
  for (const Node& item : at(node, "devices").items)
    service.devices.push_back({item.span, text(item, "source"), text(item, "target"), text(item, "permissions")});
  service.device_cgroup_rules = texts(at(node, "device_cgroup_rules"));
  service.gpus = device_requests(at(node, "gpus"));
  service.read_only = flag(node, "read_only");
  service.shm_size = nonzero(node, "shm_size");
  service.storage_opt = pairs(at(node, "storage_opt"));
  if (const Node* logging = node.find("logging"))
    service.logging = model::Logging{logging->span, text(*logging, "driver"), pairs(at(*logging, "options"))};
}

}  // namespace davit::compose::bind
