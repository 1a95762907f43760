#pragma once
// How to find out that a container works.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "davit/base/span.hpp"

namespace davit::model {

/// `healthcheck:` of a service. Unset fields fall back to the image's, then to the engine's defaults (30s, 30s, 3, 0s,
/// 5s).
struct Healthcheck {
  Span where;
  /// First word "CMD", "CMD-SHELL" or "NONE". Unset keeps the image's test.
  std::optional<std::vector<std::string>> test;
  std::optional<std::chrono::nanoseconds> interval;
  std::optional<std::chrono::nanoseconds> timeout;
  std::optional<std::chrono::nanoseconds> start_period;
  std::optional<std::chrono::nanoseconds> start_interval;
  std::optional<std::uint64_t> retries;
  bool disable = false;

  /// True when the file says that no probe shall run, not even the image's.
  [[nodiscard]] bool disabled() const { return disable || (test && !test->empty() && test->front() == "NONE"); }
  friend bool operator==(const Healthcheck&, const Healthcheck&) = default;
};

}  // namespace davit::model
