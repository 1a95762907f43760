// Which containers are made, kept, replaced or removed (compose-semantics 3.1).

#include <fmt/format.h>

#include <algorithm>

#include "davit/plan/config_diff.hpp"
#include "davit/plan/labels.hpp"
#include "spec_parts.hpp"
#include "up_planner.hpp"

namespace davit::plan {
namespace {

using engine::ContainerState;
using engine::ObservedContainer;

const std::string& label_of(const ObservedContainer& container, const char* name) {
  static const std::string kEmpty;
  const auto found = container.labels.find(name);
  return found == container.labels.end() ? kEmpty : found->second;
}

/// A swap was cut off: the new container still has its temporary name "<12 hex digits>_<name>".
bool is_leftover(const ObservedContainer& c) {
  return c.name.size() > 13 && c.name[12] == '_' && !label_of(c, label::kReplace).empty() &&
         c.name.compare(0, 12, label_of(c, label::kReplace), 0, 12) == 0;
}

void add_guards(std::vector<ImageGuard>& to, const std::vector<ImageGuard>& from) {
  for (const ImageGuard& guard : from)
    if (std::find(to.begin(), to.end(), guard) == to.end()) to.push_back(guard);
}

bool replaced_for_sure(const Replica& r) {
  return !r.recreate.empty() && r.guards.empty();
}

std::string changed_config(const model::Service& service, const ObservedContainer& existing) {
  const auto keys = changed_keys(label_of(existing, label::kConfigKeys), config_keys(service.config_json));
  const bool comparable = !label_of(existing, label::kConfigKeys).empty() && !keys.empty();
  if (!comparable) return "config changed";
  std::string out = "config changed: ";
  for (std::size_t i = 0; i < keys.size() && i < 4; ++i) out += (i == 0 ? "" : ", ") + keys[i];
  return keys.size() > 4 ? out + fmt::format(" and {} more", keys.size() - 4) : out;
}

}  // namespace

std::map<std::string, std::string> donors_of(const model::Service& service) {
  std::map<std::string, std::string> out;
  const auto add = [&out](const std::string& mode, const char* attribute) {
    if (mode.starts_with("service:")) out.emplace(mode.substr(8), attribute);
  };
  add(service.network_mode, "network_mode");
  add(service.pid, "pid");
  add(service.ipc, "ipc");
  for (const auto& source : volumes_of(service))
    if (!source.service.empty()) out.emplace(source.service, "volumes_from");
  return out;
}

/// "service", "service:ro", "container:name:rw".
std::vector<CreateContainer::VolumesOf> volumes_of(const model::Service& service) {
  using Access = engine::VolumesFrom::Access;
  constexpr std::string_view kContainer = "container:";
  std::vector<CreateContainer::VolumesOf> out;
  for (std::string text : service.volumes_from) {
    CreateContainer::VolumesOf source;
    const bool container = text.starts_with(kContainer);
    if (container) text.erase(0, kContainer.size());
    const std::size_t colon = text.find(':');
    if (colon != std::string::npos && text.substr(colon) == ":ro") source.access = Access::ReadOnly;
    (container ? source.container : source.service) = text.substr(0, colon);
    out.push_back(std::move(source));
  }
  return out;
}

void UpPlanner::plan_containers(const model::Service& service, ServicePlan::Named named) {
  ServicePlan& plan = services_[service.name];
  plan.service = &service;
  plan.named = named;
  if (const auto step = image_steps_.find(model::image_name(project_, service)); step != image_steps_.end())
    plan.image_step = step->second;
  std::vector<Replica> existing = existing_replicas(plan);
  for (Replica& replica : existing) judge_existing(plan, replica);
  scale(plan, std::move(existing));
  for (Replica& replica : plan.replicas) {
    if (!replica.place) add_slot(plan, replica);
    if (replica.existing == nullptr) create(plan, replica);
    if (!replica.recreate.empty()) swap(plan, replica);
  }
  note_restart(plan);
  restart_for_dependencies(plan);
}

/// The containers of the service, those of an interrupted swap finished or removed.
std::vector<Replica> UpPlanner::existing_replicas(const ServicePlan& plan) {
  std::vector<const ObservedContainer*> containers = index_.of(plan.service->name);
  std::erase_if(containers, [this](const ObservedContainer* c) { return removed_.contains(c->id); });
  std::set<int> numbers;
  for (const ObservedContainer* c : containers)
    if (!is_leftover(*c)) numbers.insert(c->number);
  std::vector<Replica> out;
  for (const ObservedContainer* c : containers) {
    Replica replica{.number = c->number, .name = c->name, .existing = c};
    if (is_leftover(*c)) {
      if (!numbers.insert(c->number).second) {
        remove(*c, "left over from an interrupted recreation", plan.service->where.name);
        continue;
      }
      replica.name = c->name.substr(13);
      add_slot(plan, replica);
      replica.ready = builder_.add({.resource = {ResourceId::Kind::Service, plan.service->name, replica.number},
                                    .operation = RenameContainer{replica.slot(), replica.name},
                                    .cause = "its recreation was interrupted",
                                    .where = plan.service->where.name});
    }
    out.push_back(std::move(replica));
  }
  return out;
}

/// First match wins, in docker compose's order.
void UpPlanner::judge_existing(const ServicePlan& plan, Replica& replica) const {
  const Recreate policy = plan.named == ServicePlan::Named::Yes ? options_.recreate : options_.recreate_dependencies;
  if (policy == Recreate::Never) return;
  if (policy == Recreate::Force) {
    const bool renew = options_.anonymous_volumes == UpOptions::AnonymousVolumes::Renew;
    const char* const named = renew ? "--renew-anon-volumes" : "--force-recreate";
    replica.recreate = plan.named == ServicePlan::Named::Yes ? named : "--always-recreate-deps";
    return;
  }
  judge_dependencies(plan, replica);
  if (replaced_for_sure(replica)) return;
  if (std::string why = why_recreate(plan, *replica.existing); !why.empty()) {
    replica.recreate = std::move(why);
    replica.guards.clear();
    return;
  }
  judge_image(plan, replica);
  if (replica.guards.empty()) return;
  // What happens to it for another reason need not wait for the image.
  for (const auto& attachment : replica.existing->networks) {
    if (!replaced_networks_.contains(attachment.network)) continue;
    replica.recreate = fmt::format("network '{}' is recreated", attachment.network);
    replica.guards.clear();
  }
}

void UpPlanner::judge_dependencies(const ServicePlan& plan, Replica& replica) const {
  for (const auto& [donor, attribute] : donors_of(*plan.service)) {
    const auto found = services_.find(donor);
    if (found == services_.end() || !found->second.restarted) continue;
    replica.recreate = fmt::format("its {} is that of service '{}', which is recreated", attribute, donor);
    if (found->second.guards.empty()) return replica.guards.clear();
    add_guards(replica.guards, found->second.guards);
  }
}

std::string UpPlanner::why_recreate(const ServicePlan& plan, const ObservedContainer& existing) const {
  const model::Service& service = *plan.service;
  if (existing.state == ContainerState::Dead) return "the container is dead";
  if (const auto donors = label_of(existing, label::kDonors); donors != donors_now(service))
    return "a container it shares a namespace or volumes with was recreated";
  if (label_of(existing, label::kConfigHash) != service.config_hash) return changed_config(service, existing);
  if (existing.state == ContainerState::Running && service.network_mode.empty()) {
    std::set<std::string> attached;
    for (const auto& attachment : existing.networks) attached.insert(attachment.network);
    std::set<std::string> wanted;
    for (const auto& [key, attachment] : service.networks)
      if (const auto network = project_.networks.find(key); network != project_.networks.end())
        wanted.insert(network->second.name);
    if (attached != wanted)
      return fmt::format("attached to {}, not to {}",
                         attached.empty() ? "no network" : fmt::format("{}", fmt::join(attached, ", ")),
                         wanted.empty() ? "no network" : fmt::format("{}", fmt::join(wanted, ", ")));
  }
  for (const model::Mount& m : service.volumes) {
    const auto volume = project_.volumes.find(m.source);
    if (m.type != model::MountType::Volume || volume == project_.volumes.end()) continue;
    const bool mounted = std::any_of(existing.mounts.begin(), existing.mounts.end(), [&](const engine::Mount& have) {
      return have.kind == engine::Mount::Kind::Volume && have.source == volume->second.name;
    });
    if (!mounted) return fmt::format("volume '{}' is not mounted", volume->second.name);
  }
  return {};
}

/// An image that is still to be built or pulled may turn out to be the same: then the container is kept.
void UpPlanner::judge_image(const ServicePlan& plan, Replica& replica) const {
  const std::string image = model::image_name(project_, *plan.service);
  if (plan.image_step != 0) {
    if (replica.recreate.empty()) replica.recreate = "image changed";
    add_guards(replica.guards, {{image, replica.existing->image}});
    return;
  }
  const auto present = options_.images.find(image);
  if (present == options_.images.end() || present->second.id == replica.existing->image) return;
  replica.recreate = "image changed";
  replica.guards.clear();
}

/// The ids of the containers whose namespaces it would share if it were made now, as in label::kDonors. Donors that are
/// about to be replaced are the business of judge_dependencies().
std::string UpPlanner::donors_now(const model::Service& service) const {
  std::map<std::string, ContainerId> donors;
  for (const auto& [donor, attribute] : donors_of(service))
    if (const auto& containers = index_.of(donor); !containers.empty()) donors.emplace(donor, containers.front()->id);
  return donors.empty() ? std::string() : donors_text(donors);
}

/// Outdated containers go first, then the highest numbers; new ones are numbered from the highest that stays.
void UpPlanner::scale(ServicePlan& plan, std::vector<Replica> existing) {
  const auto wanted = static_cast<std::size_t>(std::max<std::int64_t>(replicas_of(*plan.service), 0));
  if (existing.size() > wanted) {
    std::stable_sort(existing.begin(), existing.end(), [](const Replica& a, const Replica& b) {
      if (replaced_for_sure(a) != replaced_for_sure(b)) return replaced_for_sure(b);
      return a.number < b.number;
    });
    const std::string cause = fmt::format("scaled down to {}", wanted);
    for (std::size_t i = wanted; i < existing.size(); ++i)
      remove(*existing[i].existing, cause, plan.service->where.of("scale"));
    existing.resize(wanted);
  }
  std::sort(existing.begin(), existing.end(), [](const Replica& a, const Replica& b) { return a.number < b.number; });
  int highest = existing.empty() ? 0 : existing.back().number;
  while (existing.size() < wanted) {
    ++highest;
    existing.push_back({.number = highest, .name = container_name(project_, *plan.service, highest)});
  }
  plan.replicas = std::move(existing);
}

void UpPlanner::add_slot(const ServicePlan& plan, Replica& replica) {
  Slot slot{.name = replica.name, .service = plan.service->name, .number = replica.number};
  if (const ObservedContainer* c = replica.existing) {
    slot.existing = c->id;
    slot.state = c->state;
    slot.health = c->health;
    slot.exit_code = c->exit_code;
    slot.kept = is_up(*c) && !replaced_for_sure(replica);
  }
  if (!replica.recreate.empty()) slot.name = container_name(project_, *plan.service, replica.number);
  replica.name = slot.name;
  replica.place = builder_.add_slot(std::move(slot));
}

std::vector<Edge> UpPlanner::before_create(const model::Service& service, CreateContainer& operation) {
  std::vector<Edge> after;
  if (const auto image = image_steps_.find(model::image_name(project_, service)); image != image_steps_.end())
    after.push_back({image->second});
  for (const auto& [key, attachment] : service.networks) {
    const auto network = project_.networks.find(key);
    // A network that is replaced must lose its containers first: those are only started after it.
    if (network == project_.networks.end() || replaced_networks_.contains(network->second.name)) continue;
    if (const auto step = network_steps_.find(key); step != network_steps_.end()) after.push_back({step->second});
  }
  for (const model::Mount& m : service.volumes)
    if (const auto step = volume_steps_.find(m.source); step != volume_steps_.end()) after.push_back({step->second});
  operation.volumes_from = volumes_of(service);
  for (const auto& [donor, attribute] : donors_of(service))
    add_donor(donor, service.where.of(attribute), operation, after);
  return after;
}

void UpPlanner::add_donor(const std::string& donor, const Span& where, CreateContainer& operation,
                          std::vector<Edge>& after) {
  if (const auto planned = services_.find(donor); planned != services_.end() && !planned->second.replicas.empty()) {
    const Replica& first = planned->second.replicas.front();
    operation.donors.emplace_back(donor, first.slot());
    after.push_back({first.create});
    return;
  }
  if (const auto& containers = index_.of(donor); !containers.empty() && !services_.contains(donor)) {
    operation.kept_donors.emplace_back(donor, containers.front()->id);
    return;
  }
  problems_.add(Diagnostic::error(
      "no-donor",
      fmt::format("service '{}' shares a namespace or volumes with service '{}', which has no container",
                  operation.service->name, donor),
      where));
}

void UpPlanner::create(const ServicePlan& plan, Replica& replica) {
  CreateContainer operation;
  operation.slot = replica.slot();
  operation.service = borrow(*plan.service);
  operation.number = replica.number;
  operation.name = replica.name;
  std::string cause = "no existing container";
  if (replica.existing != nullptr) {
    cause = replica.recreate;
    operation.name = replica.existing->id.str().substr(0, 12) + "_" + replica.name;
    operation.replaces = replica.existing->id;
    if (options_.anonymous_volumes == UpOptions::AnonymousVolumes::Inherit)
      operation.inherit_volumes_from = replica.existing->id;
  }
  std::vector<Edge> after = before_create(*plan.service, operation);
  // What runs is not replaced as long as a build or a pull of the same command may fail.
  if (replica.existing != nullptr)
    for (const auto& [image, step] : image_steps_) after.push_back({step});
  after.push_back({replica.ready});
  if (const auto freed = freed_names_.find(operation.name); freed != freed_names_.end())
    after.push_back({freed->second});
  replica.create = builder_.add({.resource = {ResourceId::Kind::Service, plan.service->name, replica.number},
                                 .operation = std::move(operation),
                                 .cause = std::move(cause),
                                 .after = std::move(after),
                                 .only_if_changed = replica.guards,
                                 .where = plan.service->where.name});
  replica.ready = replica.create;
}

/// Create under another name, stop and remove the old one, rename: a failing creation leaves the old one running. Once
/// the old one is stopped, the swap is completed whatever fails elsewhere.
void UpPlanner::swap(const ServicePlan& plan, Replica& replica) {
  create(plan, replica);
  const ObservedContainer& old = *replica.existing;
  const auto next = [&](Operation operation, std::string cause, StepId after) {
    return builder_.add({.resource = {ResourceId::Kind::Service, plan.service->name, replica.number},
                         .operation = std::move(operation),
                         .cause = std::move(cause),
                         .after = {{after}},
                         .only_if_changed = replica.guards,
                         .when_stopping = WhenStopping::Run,
                         .where = plan.service->where.name});
  };
  const Target target{replica.slot(), old.id};
  StepId before = replica.create;
  if (is_up(old)) before = replica.stop = next(StopContainer{target, options_.grace}, "is replaced", before);
  before = next(RemoveContainer{target, engine::WithVolumes::No}, "is replaced", before);
  replica.ready = next(RenameContainer{replica.slot(), replica.name}, "takes the place", before);
  replica.start_guards = replica.guards;
}

StepId UpPlanner::remove(const ObservedContainer& container, const std::string& cause, const Span& where) {
  const SlotId slot = builder_.add_slot({.name = container.name,
                                         .service = container.service,
                                         .number = container.number,
                                         .existing = container.id,
                                         .state = container.state});
  const StepId stopped = is_up(container) ? stop(slot, container, cause, where) : 0;
  removed_[container.id] = stopped;
  return freed_names_[container.name] =
             builder_.add({.resource = {ResourceId::Kind::Service, container.service, container.number},
                           .operation = RemoveContainer{{slot, container.id}, engine::WithVolumes::No},
                           .cause = cause,
                           .after = {{stopped}},
                           .where = where});
}

StepId UpPlanner::stop(SlotId slot, const ObservedContainer& container, const std::string& cause, const Span& where) {
  return builder_.add({.resource = {ResourceId::Kind::Service, container.service, container.number},
                       .operation = StopContainer{{slot, container.id}, options_.grace},
                       .cause = cause,
                       .where = where});
}

/// What dependants with `restart: true` and sharers of namespaces want to know.
void UpPlanner::note_restart(ServicePlan& plan) {
  bool for_sure = false;
  for (const Replica& replica : plan.replicas) {
    if (replica.existing == nullptr || replica.recreate.empty()) continue;
    plan.restarted = true;
    for_sure = for_sure || replica.guards.empty();
    add_guards(plan.guards, replica.guards);
  }
  if (for_sure) plan.guards.clear();
}

/// Dependants stop before what they depend on is stopped; those with `restart: true` stop for that alone.
void UpPlanner::restart_for_dependencies(ServicePlan& plan) {
  for (const auto& [name, how] : plan.service->depends_on) {
    const auto found = services_.find(name);
    if (found == services_.end() || !found->second.restarted) continue;
    ServicePlan& dependency = found->second;
    for (Replica& replica : plan.replicas) {
      const bool restart = how.restart && options_.start == UpOptions::Start::Yes && replica.existing != nullptr &&
                           is_up(*replica.existing) && replica.stop == 0 && replica.create == 0;
      if (restart) {
        replica.stop =
            stop(replica.slot(), *replica.existing, fmt::format("dependency '{}' is recreated", name), how.where);
        builder_.step(replica.stop).only_if_changed = dependency.guards;
        replica.ready = replica.stop;
        replica.start_guards = dependency.guards;
        plan.restarted = true;
        add_guards(plan.guards, dependency.guards);
      }
      for (const Replica& other : dependency.replicas)
        builder_.edge(replica.stop == 0 ? 0 : other.stop, replica.stop, Edge::Kind::Tolerates);
    }
  }
}

}  // namespace davit::plan
