// The acts of a plan: each one call of the engine.

#include <fmt/format.h>

#include "davit/async/cancellation.hpp"
#include "davit/plan/make_spec.hpp"
#include "davit/plan/places.hpp"
#include "executor.hpp"

namespace davit::runtime {

using engine::ContainerState;
using plan::SlotId;
using plan::Step;
using Status = ProgressEvent::Status;

namespace {

/// The error of a step that broke down, whatever it threw.
Diagnostic diagnostic_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const Error& e) {
    return e.diagnostic();
  } catch (const std::exception& e) {
    return Diagnostic::error("", e.what());
  }
}

/// As docker compose: `down` goes on without an image or a volume that somebody else's container needs.
bool is_kept(const Step& step, const Diagnostic& diagnostic) {
  if (std::holds_alternative<plan::RemoveVolume>(step.operation)) return diagnostic.code == "volume-in-use";
  return std::holds_alternative<plan::RemoveImage>(step.operation) && diagnostic.code == "image-in-use";
}

/// The service that a step is about, if it is about one.
const model::Service* service_of(const Step& step) {
  const auto service = [](const auto& operation) -> const model::Service* {
    if constexpr (requires { operation.service.get(); }) return operation.service.get();
    return nullptr;
  };
  return std::visit(service, step.operation);
}

/// What the error is about, where the file says so; else what asked for the step.
Span place_of(const model::Project& project, const Step& step, const Diagnostic& diagnostic) {
  const model::Service* const service = service_of(step);
  if (service == nullptr || !diagnostic.subject) return step.where;
  const Span place = plan::place_of(project, *service, *diagnostic.subject);
  return place.known() ? place : step.where;
}

}  // namespace

Task<void> Executor::run_step(const Step& step) {
  std::exception_ptr thrown;
  try {
    co_await act(step);
  } catch (...) {
    thrown = std::current_exception();
  }
  if (thrown && is_cancellation(thrown)) std::rethrow_exception(thrown);
  const bool image = step.resource.kind == plan::ResourceId::Kind::Image;
  if (image && image_steps_open_ > 0) --image_steps_open_;
  const StepWords words = words_of(plan_, step, swapped_);
  if (!thrown) {
    say(words.id, words.done, Status::Done);
  } else if (Diagnostic diagnostic = diagnostic_of(thrown); is_kept(step, diagnostic)) {
    say(words.id, "Resource is still in use", Status::Warning);
  } else {
    failed(step, std::move(diagnostic));
    report(Scheduler::Failed{step.id});
    co_return;
  }
  report(Scheduler::Succeeded{step.id});
}

void Executor::failed(const Step& step, Diagnostic diagnostic) {
  const StepWords words = words_of(plan_, step, swapped_);
  if (!diagnostic.where) {
    const Span where = place_of(context_.project, step, diagnostic);
    if (where.known()) diagnostic.where = where;
  }
  say(words.id, "Error", Status::Error, diagnostic.message);
  result_.failures.push_back(std::move(diagnostic));
}

Task<void> Executor::act(const Step& step) {
  Task<void> operation =
      std::visit([this](const auto& op) -> Task<void> { return perform_operation(op); }, step.operation);
  co_await std::move(operation);
}

ContainerId Executor::id_in(SlotId slot) const {
  if (!places_[slot].id) throw Error(fmt::format("there is no container '{}'", plan_.slots[slot].name));
  return *places_[slot].id;
}

ContainerId Executor::id_of(const plan::Target& target) const {
  return target.id ? *target.id : id_in(target.slot);
}

void Executor::image_known(const std::string& image, plan::ImageInfo info) {
  report(Scheduler::ImageKnown{image, info.id});
  images_[image] = std::move(info);
}

Task<void> Executor::perform_operation(const plan::BuildImage& operation) {
  plan::ImageInfo info = co_await context_.images.build(context_.project, *operation.service);
  image_known(operation.image, std::move(info));
}

Task<void> Executor::perform_operation(const plan::PullImage& operation) {
  plan::ImageInfo info = co_await context_.images.pull(context_.project, *operation.service);
  image_known(operation.image, std::move(info));
}

Task<void> Executor::perform_operation(const plan::RemoveImage& operation) {
  co_await context_.images.remove(operation.image);
}

Task<void> Executor::perform_operation(const plan::CreateNetwork& operation) {
  co_await context_.engine.create_network(operation.spec);
}

Task<void> Executor::perform_operation(const plan::RemoveNetwork& operation) {
  co_await context_.engine.remove_network(operation.name);
}

Task<void> Executor::perform_operation(const plan::CreateVolume& operation) {
  co_await context_.engine.create_volume(operation.spec);
}

Task<void> Executor::perform_operation(const plan::RemoveVolume& operation) {
  co_await context_.engine.remove_volume(operation.name);
}

engine::ContainerSpec Executor::spec_of(const plan::CreateContainer& operation) const {
  const std::string image = model::image_name(context_.project, *operation.service);
  const auto found = images_.find(image);
  if (found == images_.end()) throw Error(fmt::format("image '{}' is not known", image));
  plan::SpecInput input{.project = context_.project,
                        .service = *operation.service,
                        .image = found->second,
                        .name = operation.name,
                        .number = operation.number,
                        .donors = {},
                        .one_off = operation.one_off,
                        .replaces = operation.replaces ? operation.replaces->str() : ""};
  for (const auto& [service, slot] : operation.donors) input.donors.emplace(service, id_in(slot));
  for (const auto& [service, id] : operation.kept_donors) input.donors.emplace(service, id);
  return plan::make_container_spec(input).value();
}

std::vector<engine::VolumesFrom> Executor::volumes_from(const plan::CreateContainer& operation) const {
  std::map<std::string, ContainerId> ids;
  for (const auto& [service, slot] : operation.donors) ids.emplace(service, id_in(slot));
  for (const auto& [service, id] : operation.kept_donors) ids.emplace(service, id);
  std::vector<engine::VolumesFrom> out;
  for (const auto& source : operation.volumes_from)
    out.push_back({source.service.empty() ? source.container : ids.at(source.service).str(), source.access});
  return out;
}

Task<void> Executor::perform_operation(const plan::CreateContainer& operation) {
  engine::ContainerSpec spec = spec_of(operation);
  const auto probe = spec.healthcheck ? Facts::Probe::Configured : Facts::Probe::None;
  engine::CreateOptions options{operation.inherit_volumes_from};
  options.volumes_from = volumes_from(operation);
  const ContainerId id = co_await context_.engine.create_container(std::move(spec), std::move(options));
  put(operation.slot, id, {.probe = probe});
  if (!options_.made) co_return;
  const auto kind = operation.one_off ? MadeContainer::Kind::OneOff : MadeContainer::Kind::OfService;
  Task<void> telling = options_.made({id, plan_.slots[operation.slot].name, operation.service->name, kind});
  co_await std::move(telling);
}

Task<void> Executor::perform_operation(const plan::StartContainer& operation) {
  const SlotId slot = operation.slot;
  const ContainerId id = id_in(slot);
  if (operation.service != nullptr) {
    // A container made by an earlier command: whether it has a probe follows from what it was made of.
    const auto image = images_.find(model::image_name(context_.project, *operation.service));
    if (image != images_.end() && plan::effective_healthcheck(*operation.service, image->second))
      places_[slot].facts.probe = Facts::Probe::Configured;
  }
  co_await context_.engine.start_container(id);
  started(slot);
  if (operation.service != nullptr) co_await run_hooks(*operation.service, operation.service->post_start, slot, id);
}

void Executor::started(SlotId slot) {
  Facts facts = places_[slot].facts;
  if (facts.state != ContainerState::Created) return;  // its events were faster
  facts.state = ContainerState::Running;
  if (facts.probe == Facts::Probe::Configured && facts.health == engine::Health::None)
    facts.health = engine::Health::Starting;
  set_facts(slot, facts);
}

Task<void> Executor::perform_operation(const plan::StopContainer& operation) {
  const ContainerId id = id_of(operation.target);
  if (operation.service != nullptr) co_await run_pre_stop(*operation.service, operation.target.slot, id);
  co_await context_.engine.stop_container(id, {operation.grace});
}

Task<void> Executor::perform_operation(const plan::KillContainer& operation) {
  const ContainerId id = id_of(operation.target);
  co_await context_.engine.kill_container(id, operation.signal);
}

Task<void> Executor::perform_operation(const plan::RestartContainer& operation) {
  const ContainerId id = id_of(operation.target);
  const SlotId slot = operation.target.slot;
  const bool runs = plan_.slots[slot].state == ContainerState::Running;
  if (operation.service != nullptr && runs) co_await run_pre_stop(*operation.service, slot, id);
  co_await context_.engine.restart_container(id, {operation.grace});
  if (operation.service != nullptr) co_await run_hooks(*operation.service, operation.service->post_start, slot, id);
}

Task<void> Executor::perform_operation(const plan::PauseContainer& operation) {
  const ContainerId id = id_of(operation.target);
  co_await context_.engine.pause_container(id);
}

Task<void> Executor::perform_operation(const plan::UnpauseContainer& operation) {
  const ContainerId id = id_of(operation.target);
  co_await context_.engine.unpause_container(id);
}

Task<void> Executor::perform_operation(const plan::RemoveContainer& operation) {
  const ContainerId id = id_of(operation.target);
  co_await context_.engine.remove_container(id, operation.volumes);
  // Gone for good, unless another one has taken its slot.
  if (places_[operation.target.slot].id == id) places_[operation.target.slot].id.reset();
}

Task<void> Executor::perform_operation(const plan::RenameContainer& operation) {
  const ContainerId id = id_in(operation.slot);
  co_await context_.engine.rename_container(id, operation.name);
}

Task<void> Executor::perform_operation(const plan::WaitFor&) {
  throw Error("a wait is resolved by the scheduler, not by an act");
}

}  // namespace davit::runtime
