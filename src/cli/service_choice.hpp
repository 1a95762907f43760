#pragma once
// The services named on a command line, for commands that show containers.

#include <optional>
#include <string>
#include <vector>

#include "davit/engine/observed.hpp"
#include "davit/model/project.hpp"

namespace davit::cli {

/// Throws Error "no such service: x", with the nearest name, for a service that neither the project has nor a container
/// belongs to. `project` is unset when only its name is known.
void require_services(const std::vector<std::string>& services, const std::optional<model::Project>& project,
                      const engine::Observed& observed);

/// True if the service is among those named; none named means all.
[[nodiscard]] bool is_chosen(const std::vector<std::string>& services, const std::string& service);

/// A container of a service: that with the number, or the lowest when it is 0; never a one-off. Throws Error when there
/// is none.
[[nodiscard]] const engine::ObservedContainer& choose_container(const engine::Observed& observed,
                                                                const std::string& service, int number);

/// A running container of a service: replica `index`, or the first when it is 0; those of the service before its
/// one-offs. Throws Error in docker compose's words, `service "web" is not running`, when there is none.
[[nodiscard]] const engine::ObservedContainer& choose_running(const engine::Observed& observed,
                                                              const std::string& service, int index);

}  // namespace davit::cli
