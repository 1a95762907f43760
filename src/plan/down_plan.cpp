// `down`: containers against the order of their dependencies, then what only they used.

#include <fmt/format.h>

#include "davit/plan/make_plan.hpp"
#include "plan_builder.hpp"
#include "selection.hpp"
#include "stop_order.hpp"

namespace davit::plan {
namespace {

using engine::ObservedContainer;

class DownPlanner {
 public:
  DownPlanner(const model::Project& project, const engine::Observed& observed, const DownOptions& options)
      : project_(project), observed_(observed), options_(options), builder_(project.name) {
    builder_.plan().on_failure = OnFailure::Continue;
  }

  Plan plan(const std::set<std::string>& selected) {
    choose_containers(selected);
    remove_containers();
    const bool orphans_left = options_.orphans == Orphans::Warn && options_.services.empty();
    if (const auto orphans = orphans_of(project_, observed_); orphans_left && !orphans.empty())
      builder_.plan().warnings.push_back(orphan_warning(orphans));
    warn_of_disabled();
    remove_networks();
    if (options_.volumes == DownOptions::Volumes::Remove) remove_volumes(selected);
    if (options_.images != DownOptions::Images::Keep) remove_images(selected);
    return builder_.finish();
  }

 private:
  /// One-offs go only with the orphans (compose-semantics 3.4). Services whose profile is not active are left alone, as
  /// docker compose does, but not in silence.
  void choose_containers(const std::set<std::string>& selected) {
    const bool orphans = options_.orphans == Orphans::Remove;
    for (const ObservedContainer& c : observed_.containers) {
      const bool known = project_.services.contains(c.service) || project_.disabled_services.contains(c.service);
      const bool chosen = selected.contains(c.service);
      if (c.one_off ? orphans && (chosen || !known) : chosen || (orphans && !known)) {
        goes_.push_back(&c);
      } else {
        stays_.push_back(&c);
      }
    }
  }

  void remove_containers() {
    StopOrder order(project_, builder_);
    for (const ObservedContainer* c : goes_) {
      const std::string cause = "down";
      const SlotId slot = order.slot(*c);
      const StepId stop = is_up(*c) ? order.stop(slot, *c, options_.grace, cause) : 0;
      const auto volumes =
          options_.volumes == DownOptions::Volumes::Remove ? engine::WithVolumes::Anonymous : engine::WithVolumes::No;
      removals_.push_back({builder_.add({.resource = {ResourceId::Kind::Service, c->service, c->number},
                                         .operation = RemoveContainer{{slot, c->id}, volumes},
                                         .cause = cause,
                                         .after = {{stop}}})});
    }
    order.connect();
  }

  void warn_of_disabled() {
    std::set<std::string> profiles;
    std::vector<std::string> names;
    for (const ObservedContainer* c : stays_) {
      const auto service = project_.disabled_services.find(c->service);
      if (!options_.services.empty() || c->one_off || service == project_.disabled_services.end()) continue;
      names.push_back(c->name);
      profiles.insert(service->second.profiles.begin(), service->second.profiles.end());
    }
    if (names.empty()) return;
    builder_.plan().warnings.push_back(
        Diagnostic::warning("inactive-profile", fmt::format("left alone, because no profile of theirs is active: {}",
                                                            fmt::join(names, ", ")))
            .with_hint(fmt::format("lower them too: davit --profile {} down", fmt::join(profiles, " --profile "))));
  }

  void remove_networks() {
    std::set<std::string> used;
    for (const ObservedContainer* c : stays_)
      for (const auto& attachment : c->networks) used.insert(attachment.network);
    for (const auto& network : observed_.networks) {
      if (network.project != project_.name) continue;  // external, or another project's
      if (const auto declared = project_.networks.find(network.key);
          declared != project_.networks.end() && declared->second.external)
        continue;
      if (used.contains(network.name) || !network.users_elsewhere.empty()) {
        builder_.plan().warnings.push_back(
            Diagnostic::warning("network-in-use", fmt::format("Network {} Resource is still in use", network.name)));
        continue;
      }
      builder_.add({.resource = {ResourceId::Kind::Network, network.key},
                    .operation = RemoveNetwork{network.name},
                    .cause = "down",
                    .after = removals_});
    }
  }

  /// The named volumes that `down --volumes` is about: those of the file that the chosen services mount, or all of the
  /// file's. What is no longer in it stays: nobody else knows whether it is still wanted.
  [[nodiscard]] std::set<std::string> named_volumes(const std::set<std::string>& selected) const {
    std::set<std::string> names;
    if (options_.services.empty()) {
      for (const auto& [key, volume] : project_.volumes) names.insert(key);
    } else {
      for (const std::string& service : selected)
        for (const auto& mount : project_.services.at(service).volumes) names.insert(mount.source);
    }
    std::erase_if(names, [this](const std::string& key) {
      const auto declared = project_.volumes.find(key);
      return declared == project_.volumes.end() || declared->second.external;
    });
    return names;
  }

  void remove_volumes(const std::set<std::string>& selected) {
    const std::set<std::string> named = named_volumes(selected);
    std::set<std::string> used;
    for (const ObservedContainer* c : stays_)
      for (const auto& mount : c->mounts) used.insert(mount.source);
    // Anonymous volumes of the containers above go with them; only those of containers long gone are left.
    std::set<std::string> with_containers;
    for (const ObservedContainer* c : goes_)
      for (const auto& mount : c->mounts) with_containers.insert(mount.source);
    for (const auto& volume : observed_.volumes) {
      if (volume.project != project_.name) continue;
      if (volume.anonymous ? with_containers.contains(volume.name) : !named.contains(volume.key)) continue;
      if (used.contains(volume.name)) {
        builder_.plan().warnings.push_back(
            Diagnostic::warning("volume-in-use", fmt::format("Volume {} Resource is still in use", volume.name)));
        continue;
      }
      builder_.add({.resource = {ResourceId::Kind::Volume, volume.anonymous ? volume.name : volume.key},
                    .operation = RemoveVolume{volume.name},
                    .cause = "down --volumes",
                    .after = removals_});
    }
  }

  void remove_images(const std::set<std::string>& selected) {
    std::set<std::string> images;
    for (const std::string& name : selected) {
      const model::Service& service = project_.services.at(name);
      if (options_.images == DownOptions::Images::All || service.image.empty())
        images.insert(model::image_name(project_, service));
    }
    const char* const cause = options_.images == DownOptions::Images::All ? "down --rmi all" : "down --rmi local";
    for (const std::string& image : images)
      builder_.add({.resource = {ResourceId::Kind::Image, image},
                    .operation = RemoveImage{image},
                    .cause = cause,
                    .after = removals_});
  }

  const model::Project& project_;
  const engine::Observed& observed_;
  const DownOptions& options_;
  PlanBuilder builder_;
  std::vector<const ObservedContainer*> goes_;
  std::vector<const ObservedContainer*> stays_;
  std::vector<Edge> removals_;
};

}  // namespace

Result<Plan, Diagnostics> make_down_plan(const model::Project& project, const engine::Observed& observed,
                                         const DownOptions& options) {
  auto selected = select_services(project, options.services, Dependencies::Without);
  if (!selected) return selected.error();
  return DownPlanner(project, observed, options).plan(*selected);
}

}  // namespace davit::plan
