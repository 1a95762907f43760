#pragma once
// What `events` prints. Pure.

#include <string>

#include "davit/engine/observed.hpp"

namespace davit::cli {

/// docker compose's line: "2026-11-23 03:30:00.123456 container start <id> (image=busybox, name=p-web-1)", in local
/// time. `image` is empty when the container is not there any more.
[[nodiscard]] std::string event_line(const engine::Event& event, const std::string& image,
                                     std::chrono::seconds utc_offset);

/// docker compose's object, and the cause as davit knows it.
[[nodiscard]] std::string event_json(const engine::Event& event, const std::string& image);

}  // namespace davit::cli
