// Images, networks and volumes: what containers need before they can be created.

#include <fmt/format.h>

#include "davit/plan/labels.hpp"
#include "up_planner.hpp"

namespace davit::plan {
namespace {

ResourceId image_id(const std::string& name) {
  return {ResourceId::Kind::Image, name};
}

}  // namespace

void UpPlanner::plan_images(const std::vector<const model::Service*>& services) {
  // Builds first: a service may use the image that another one builds.
  for (const model::Service* s : services)
    if (s->build) plan_image(*s);
  for (const model::Service* s : services) {
    if (!s->build && !s->provider) plan_image(*s);
    if (!s->build) continue;
    const StepId own = image_steps_[model::image_name(project_, *s)];
    for (const auto& [name, context] : s->build->additional_contexts) {
      if (!context.starts_with("service:")) continue;
      const auto other = project_.services.find(context.substr(std::string_view("service:").size()));
      if (other == project_.services.end()) continue;
      const auto step = image_steps_.find(model::image_name(project_, other->second));
      if (step != image_steps_.end() && step->second != own) builder_.edge(own, step->second);
    }
  }
}

void UpPlanner::plan_image(const model::Service& service) {
  const std::string image = model::image_name(project_, service);
  const bool present = options_.images.contains(image);
  if (const auto planned = image_steps_.find(image); planned != image_steps_.end() && planned->second != 0) return;
  StepId& step = image_steps_[image];
  if (!service.build) return plan_pull(service, image, present ? Present::Yes : Present::No);
  const auto policy = options_.pull.value_or(service.pull_policy);
  std::string cause;
  if (options_.build == UpOptions::Build::Always) cause = "--build";
  if (cause.empty() && policy == model::PullPolicy::Build) cause = "pull policy 'build'";
  if (cause.empty() && !present) cause = "image is not on this machine";
  if (cause.empty() || (options_.build == UpOptions::Build::Never && present)) return;
  if (options_.build == UpOptions::Build::Never) {
    problems_.add(Diagnostic::error("no-image",
                                    fmt::format("image '{}' of service '{}' is not on this machine, and building it "
                                                "is forbidden by '--no-build'",
                                                image, service.name),
                                    service.build->where));
    return;
  }
  step = builder_.add({.resource = image_id(image),
                       .operation = BuildImage{image, borrow(service)},
                       .cause = cause,
                       .where = service.build->where});
}

void UpPlanner::plan_pull(const model::Service& service, const std::string& image, Present is_present) {
  const bool present = is_present == Present::Yes;
  const auto policy = options_.pull.value_or(service.pull_policy);
  const bool refresh = policy == model::PullPolicy::Always || policy == model::PullPolicy::Refresh;
  if (present && !refresh) return;
  const Span& where = service.where.of(present && !options_.pull ? "pull_policy" : "image");
  const std::string absent = fmt::format("image '{}' of service '{}' is not on this machine", image, service.name);
  if (policy == model::PullPolicy::Never) {
    problems_.add(Diagnostic::error("no-image", absent + ", and its pull policy is 'never'", where));
  } else if (options_.pulling == UpOptions::Pulling::NotSupported && present) {
    problems_.add(Diagnostic::error("not-supported",
                                    fmt::format("service '{}' asks for a fresh image '{}', and pulling from a registry "
                                                "is not supported yet",
                                                service.name, image),
                                    where)
                      .with_hint("set 'pull_policy: missing' to use the image that is there"));
  } else if (options_.pulling == UpOptions::Pulling::NotSupported) {
    problems_.add(
        Diagnostic::error("no-image", absent + ", and pulling from a registry is not supported yet", where)
            .with_hint("get it with 'davit image load' or 'davit image import', or add 'build:' to the service"));
  } else {
    image_steps_[image] =
        builder_.add({.resource = image_id(image),
                      .operation = PullImage{image, borrow(service)},
                      .cause = present ? "pull policy asks for a fresh image" : "image is not on this machine",
                      .where = where});
  }
}

void UpPlanner::plan_networks(const std::vector<const model::Service*>& services) {
  std::set<std::string> used;
  for (const model::Service* s : services)
    for (const auto& [key, attachment] : s->networks) used.insert(key);
  for (const std::string& key : used)
    if (const auto found = project_.networks.find(key); found != project_.networks.end()) plan_network(found->second);
}

void UpPlanner::plan_network(const model::Network& network) {
  const auto existing = index_.networks.find(network.name);
  const bool exists = existing != index_.networks.end();
  const ResourceId resource{ResourceId::Kind::Network, network.key};
  if (network.external) {
    if (!exists)
      problems_.add(
          Diagnostic::error("no-network",
                            fmt::format("network '{}' declared as external, but could not be found", network.name),
                            network.where)
              .with_hint("remove 'external: true' to let davit make it"));
    return;
  }
  engine::NetworkSpec spec = make_network_spec(project_, network);
  std::vector<Edge> after;
  std::string cause = "no existing network";
  if (exists) {
    if (existing->second->project != project_.name) {
      builder_.plan().warnings.push_back(
          Diagnostic::warning("foreign-network",
                              fmt::format("network '{}' exists but was not made for project '{}'; it is used as it is",
                                          network.name, project_.name),
                              network.where));
      return;
    }
    if (existing->second->config_hash == spec.config_hash) return;
    cause = "network configuration changed";
    refuse_running_one_offs(network);
    const StepId removal = builder_.add(
        {.resource = resource, .operation = RemoveNetwork{network.name}, .cause = cause, .where = network.where});
    replaced_networks_[network.name] = removal;
    after.push_back({removal});
  }
  network_steps_[network.key] = builder_.add({.resource = resource,
                                              .operation = CreateNetwork{std::move(spec)},
                                              .cause = cause,
                                              .after = std::move(after),
                                              .when_stopping = exists ? WhenStopping::Run : WhenStopping::Skip,
                                              .where = network.where});
}

/// Its containers are stopped for the replacement and started again; somebody's one-off is not.
void UpPlanner::refuse_running_one_offs(const model::Network& network) {
  for (const auto& container : observed_.containers) {
    const bool attached = std::any_of(container.networks.begin(), container.networks.end(),
                                      [&](const auto& one) { return one.network == network.name; });
    if (!container.one_off || !is_up(container) || !attached) continue;
    problems_.add(Diagnostic::error("network-in-use",
                                    fmt::format("network '{}' has changed and cannot be made anew while the one-off "
                                                "container '{}' runs on it",
                                                network.name, container.name),
                                    network.where)
                      .with_hint("wait for its end, or remove it: davit down --remove-orphans"));
  }
}

void UpPlanner::plan_volumes(const std::vector<const model::Service*>& services) {
  std::set<std::string> used;
  for (const model::Service* s : services)
    for (const model::Mount& m : s->volumes)
      if (m.type == model::MountType::Volume && !m.source.empty()) used.insert(m.source);
  for (const std::string& key : used)
    if (const auto found = project_.volumes.find(key); found != project_.volumes.end()) plan_volume(found->second);
}

void UpPlanner::plan_volume(const model::Volume& volume) {
  const auto existing = index_.volumes.find(volume.name);
  const bool exists = existing != index_.volumes.end();
  if (volume.external) {
    if (!exists)
      problems_.add(
          Diagnostic::error("no-volume",
                            fmt::format("volume '{}' declared as external, but could not be found", volume.name),
                            volume.where)
              .with_hint("remove 'external: true' to let davit make it"));
    return;
  }
  engine::VolumeSpec spec = make_volume_spec(project_, volume);
  std::string cause = "no existing volume";
  std::vector<Edge> after;
  if (exists) {
    const bool own = existing->second->project == project_.name;
    if (own && existing->second->config_hash == spec.config_hash) return;
    if (!own) return keep_foreign_volume(volume);
    if (!options_.recreate_volumes.contains(volume.name)) return keep_changed_volume(volume);
    cause = "volume configuration changed";
    after = replace_volume(volume);
  }
  volume_steps_[volume.key] = builder_.add({.resource = {ResourceId::Kind::Volume, volume.key},
                                            .operation = CreateVolume{std::move(spec)},
                                            .cause = cause,
                                            .after = std::move(after),
                                            .when_stopping = exists ? WhenStopping::Run : WhenStopping::Skip,
                                            .where = volume.where});
}

/// Its data is worth more than its configuration: never replaced without being asked to (docker compose asks, and its
/// default is no).
void UpPlanner::keep_changed_volume(const model::Volume& volume) {
  builder_.plan().changed_volumes.push_back(volume.name);
  warn_of_volume(volume, "doesn't match configuration in compose file");
}

void UpPlanner::keep_foreign_volume(const model::Volume& volume) {
  warn_of_volume(volume, fmt::format("was not made for project '{}'", project_.name));
}

void UpPlanner::warn_of_volume(const model::Volume& volume, const std::string& what) {
  builder_.plan().warnings.push_back(Diagnostic::warning(
      "changed-volume", fmt::format("volume '{}' exists but {}; it is used as it is", volume.name, what),
      volume.where));
}

/// The containers that use it go first; those of the services are made anew afterwards.
std::vector<Edge> UpPlanner::replace_volume(const model::Volume& volume) {
  const std::string cause = fmt::format("volume '{}' is recreated", volume.name);
  std::vector<Edge> gone;
  for (const auto& container : observed_.containers) {
    const bool uses = std::any_of(container.mounts.begin(), container.mounts.end(),
                                  [&](const engine::Mount& mount) { return mount.source == volume.name; });
    if (!uses || container.one_off) continue;
    if (!removed_.contains(container.id)) remove(container, cause, volume.where);
    gone.push_back({freed_names_.at(container.name)});
  }
  return {{builder_.add({.resource = {ResourceId::Kind::Volume, volume.key},
                         .operation = RemoveVolume{volume.name},
                         .cause = "volume configuration changed",
                         .after = std::move(gone),
                         .where = volume.where})}};
}

}  // namespace davit::plan
