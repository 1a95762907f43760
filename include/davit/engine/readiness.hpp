#pragma once
// Whether a container without a health check is up: what Engine::await_ready() is told and answers.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace davit::engine {

/// Limits of the wait, from the start of the container's run: one that has been up for longer is not waited for.
struct ReadyLimits {
  std::chrono::nanoseconds listen{
      std::chrono::seconds{10}};  ///< for its published TCP ports; zero: ports do not matter
  friend bool operator==(const ReadyLimits&, const ReadyLimits&) = default;
};

struct Readiness {
  enum class Outcome {
    Ready,   ///< its published TCP ports are open; or it has none and did not fail at its start
    Silent,  ///< it runs, but the limit has passed and nothing listens at `silent_ports`
    Ended,   ///< it does not run (any more)
  };
  Outcome outcome = Outcome::Ready;
  std::vector<std::uint16_t> silent_ports;  ///< container ports, as published
  friend bool operator==(const Readiness&, const Readiness&) = default;
};

[[nodiscard]] std::string to_json(const Readiness& readiness);
[[nodiscard]] Readiness readiness_from_json(const std::string& text);

}  // namespace davit::engine
