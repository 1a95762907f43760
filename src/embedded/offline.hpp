#pragma once
// What the database says when there is no supervisor to ask.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "davit/engine/observed.hpp"
#include "embedded/paths.hpp"

namespace davit::embedded {

/// Containers that were running are shown as exited (137): without a keeper they are nobody's.
[[nodiscard]] engine::Observed observe_offline(const Paths& paths);
[[nodiscard]] std::optional<engine::ObservedNetwork> find_network_row(const Paths& paths, const std::string& name);
[[nodiscard]] std::optional<engine::ObservedVolume> find_volume_row(const Paths& paths, const std::string& name);
[[nodiscard]] std::vector<engine::Event> events_offline(const Paths& paths, std::int64_t since);
[[nodiscard]] std::int64_t newest_event_offline(const Paths& paths);

}  // namespace davit::embedded
