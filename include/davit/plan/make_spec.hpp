#pragma once
// A service and its image become a container: the one place where Compose terms are translated for the engine.

#include <map>
#include <optional>
#include <string>

#include "davit/base/diagnostic.hpp"
#include "davit/base/result.hpp"
#include "davit/engine/container_spec.hpp"
#include "davit/engine/resource_specs.hpp"
#include "davit/model/project.hpp"
#include "davit/plan/image_info.hpp"

namespace davit::plan {

/// How a container made by `run` differs from one made by `up`; the changed service itself comes from
/// one_off_service().
struct OneOff {
  enum class Aliases { None, OfService };
  enum class Remove { Keep, WhenExited };
  std::string slug;  ///< 12 hex digits, random, chosen by the caller
  Aliases aliases = Aliases::None;
  Remove remove = Remove::Keep;
  friend bool operator==(const OneOff&, const OneOff&) = default;
};

struct SpecInput {
  const model::Project& project;
  const model::Service& service;
  const ImageInfo& image;
  std::string name;  ///< container name; empty: container_name() of the service and number
  int number = 1;
  /// Containers whose namespaces the service shares ("service:x"), by service name.
  std::map<std::string, ContainerId> donors;
  std::optional<OneOff> one_off;
  std::string replaces;  ///< id of the container that this one takes the place of
};

/// The container for one replica. Errors: what only the image shows (no command, another platform), and everything
/// check_supported() finds. Merge rules: build-and-images 4.1; labels: compose-semantics 3.2.
[[nodiscard]] Result<engine::ContainerSpec> make_container_spec(const SpecInput& input);

/// Everything the service asks for that davit cannot do yet, each with the place that asks. Nothing is ignored.
[[nodiscard]] Diagnostics check_supported(const model::Project& project, const model::Service& service);
/// The same for a network, a volume.
[[nodiscard]] Diagnostics check_supported(const model::Network& network);
[[nodiscard]] Diagnostics check_supported(const model::Volume& volume);

[[nodiscard]] engine::NetworkSpec make_network_spec(const model::Project& project, const model::Network& network);
[[nodiscard]] engine::VolumeSpec make_volume_spec(const model::Project& project, const model::Volume& volume);

/// The probe of a container of this service: the service's `healthcheck` over the image's HEALTHCHECK.
[[nodiscard]] std::optional<engine::Healthcheck> effective_healthcheck(const model::Service& service,
                                                                       const ImageInfo& image);

/// "<project>-<service>-<number>", or `container_name` of the service.
[[nodiscard]] std::string container_name(const model::Project& project, const model::Service& service, int number);

}  // namespace davit::plan
