#pragma once
// What a command is going to do: a graph of steps, each of them one act of the engine, with the reason for it.

#include <chrono>
#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "davit/base/diagnostic.hpp"
#include "davit/engine/engine.hpp"
#include "davit/engine/observed.hpp"
#include "davit/engine/readiness.hpp"
#include "davit/engine/resource_specs.hpp"
#include "davit/model/service.hpp"
#include "davit/plan/image_info.hpp"
#include "davit/plan/make_spec.hpp"

namespace davit::plan {

/// Number of a step: its index in Plan::steps plus one, as printed.
using StepId = std::uint32_t;
/// Index in Plan::slots.
using SlotId = std::uint32_t;
/// Points into the project the plan was made of, or owns a changed copy (`run`).
using ServicePtr = std::shared_ptr<const model::Service>;
/// To a service of the project, which outlives the plan.
[[nodiscard]] inline ServicePtr borrow(const model::Service& service) {
  return {std::shared_ptr<const void>(), &service};
}

/// What a step is about.
struct ResourceId {
  enum class Kind { Image, Network, Volume, Service };
  Kind kind = Kind::Service;
  std::string name;  ///< key in the file
  int number = 0;    ///< of the replica; 0: none
  /// "service:web:1", "network:default".
  [[nodiscard]] std::string to_string() const;
  friend bool operator==(const ResourceId&, const ResourceId&) = default;
};

/// The place of one container in the project. The container in it may be replaced while the plan runs.
struct Slot {
  std::string name;  ///< final container name
  std::string service;
  int number = 1;
  std::optional<ContainerId> existing;                             ///< in it when the plan was made
  engine::ContainerState state = engine::ContainerState::Created;  ///< of the existing one
  engine::Health health = engine::Health::None;
  int exit_code = 0;
  /// Up and as it should be; no step touches it, or only steps with a guard.
  bool kept = false;
  friend bool operator==(const Slot&, const Slot&) = default;
};

/// A container: the one with that id, or whichever is in the slot when the step runs.
struct Target {
  SlotId slot = 0;
  std::optional<ContainerId> id;
  friend bool operator==(const Target&, const Target&) = default;
};

struct BuildImage {
  std::string image;
  ServicePtr service;
};
struct PullImage {
  std::string image;
  ServicePtr service;
};
struct RemoveImage {
  std::string image;
};
struct CreateNetwork {
  engine::NetworkSpec spec;
};
struct RemoveNetwork {
  std::string name;
};
struct CreateVolume {
  engine::VolumeSpec spec;
};
struct RemoveVolume {
  std::string name;
};
/// Makes a container and puts it in the slot. Its spec is made when the step runs: only then is the image known.
struct CreateContainer {
  SlotId slot = 0;
  ServicePtr service;
  int number = 1;
  std::string name;                                    ///< a temporary one while the replaced container is there
  std::optional<ContainerId> replaces;                 ///< container whose place it takes
  std::optional<ContainerId> inherit_volumes_from;     ///< whose anonymous volumes it takes over
  std::vector<std::pair<std::string, SlotId>> donors;  ///< of "service:x", by service
  std::vector<std::pair<std::string, ContainerId>> kept_donors;  ///< not in this plan
  std::optional<OneOff> one_off;
  /// `volumes_from`, in its order: a service among the donors, or the name of a container.
  struct VolumesOf {
    std::string service;
    std::string container;  ///< when there is no service
    engine::VolumesFrom::Access access = engine::VolumesFrom::Access::AsThere;
    friend bool operator==(const VolumesOf&, const VolumesOf&) = default;
  };
  std::vector<VolumesOf> volumes_from{};
};
struct StartContainer {
  SlotId slot = 0;
  ServicePtr service;  ///< whose post_start hooks are part of the start; none: no hooks
};
struct StopContainer {
  Target target;
  std::optional<std::chrono::nanoseconds> grace;  ///< none: the container's own
  ServicePtr service{};  ///< whose pre_stop hooks run first, aside of the grace period; none: no hooks
};
struct KillContainer {
  Target target;
  std::string signal;
};
struct RestartContainer {
  Target target;
  std::optional<std::chrono::nanoseconds> grace;
  ServicePtr service{};  ///< whose hooks run before the stop and after the start; none: no hooks
};
struct PauseContainer {
  Target target;
};
struct UnpauseContainer {
  Target target;
};
struct RemoveContainer {
  Target target;
  engine::WithVolumes volumes = engine::WithVolumes::No;
};
struct RenameContainer {
  SlotId slot = 0;
  std::string name;
};

/// What is awaited of a service.
enum class Condition {
  Healthy,                ///< every container healthy
  CompletedSuccessfully,  ///< a container ended with 0
  Up,                     ///< `up --wait`: every container healthy, or ready when it has no probe
  UpOrCompleted,          ///< the same, but ending with 0 counts too: somebody awaits its completion
};
/// Touches nothing: ends when the service is as asked for, fails as soon as it cannot become so.
struct WaitFor {
  std::string service;
  Condition condition = Condition::Healthy;
  std::vector<SlotId> slots;
  engine::ReadyLimits ready;  ///< of containers without a probe
};

using Operation =
    std::variant<BuildImage, PullImage, RemoveImage, CreateNetwork, RemoveNetwork, CreateVolume, RemoveVolume,
                 CreateContainer, StartContainer, StopContainer, KillContainer, RestartContainer, PauseContainer,
                 UnpauseContainer, RemoveContainer, RenameContainer, WaitFor>;

/// "CreateContainer", "WaitFor healthy", …
[[nodiscard]] std::string name_of(const Operation& operation);

/// A step comes after another one.
struct Edge {
  enum class Kind {
    Needs,      ///< not run when the other failed
    Tolerates,  ///< comes after its end, also when it failed: `required: false`
  };
  StepId step = 0;
  Kind kind = Kind::Needs;
  friend bool operator==(const Edge&, const Edge&) = default;
};

/// The step is needed only if an image turns out to be another one than the existing container has. The image is built
/// or pulled by an earlier step of the plan. With several, one changed image suffices.
struct ImageGuard {
  std::string image;
  ImageId was;
  friend bool operator==(const ImageGuard&, const ImageGuard&) = default;
};

/// What becomes of a step when the plan is stopped by a failure elsewhere.
enum class WhenStopping {
  Skip,
  Run,  ///< it ends something begun, such as the swap of two containers
};

struct Step {
  StepId id = 0;
  ResourceId resource;
  Operation operation;
  std::string cause;        ///< why, in words: "no existing container", "config changed: environment.DEBUG"
  std::vector<Edge> after;  ///< by step
  std::vector<ImageGuard> only_if_changed;  ///< empty: always run
  WhenStopping when_stopping = WhenStopping::Skip;
  Span where;  ///< the line that asked for it
};

enum class OnFailure {
  Stop,      ///< start nothing more; what runs may end (`up`)
  Continue,  ///< do all that does not depend on the failed step (`down`)
};

struct Plan {
  std::string project;
  std::vector<Slot> slots;
  std::vector<Step> steps;  ///< a step stands after those it comes after
  std::vector<Diagnostic> warnings;
  std::vector<std::string> changed_volumes;  ///< kept as they are, but the file describes them otherwise now
  std::map<std::string, ImageInfo> images;   ///< on this machine when the plan was made, by name
  OnFailure on_failure = OnFailure::Stop;

  [[nodiscard]] const Step& step(StepId id) const { return steps[id - 1]; }
  [[nodiscard]] bool empty() const { return steps.empty(); }
  /// One line a step: `[1,2] -> #3 service:web:1, CreateContainer, no existing container`. A tolerated step has a "?"
  /// behind its number; hooks are appended as `, with 2 post_start hooks`, a guard as `, if image 'x' changed`.
  [[nodiscard]] std::string to_string() const;
};

}  // namespace davit::plan
