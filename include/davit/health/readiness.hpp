#pragma once
// When a container without a health check counts as up. Pure: somebody else looks, this says what the look means.

#include <chrono>
#include <cstdint>
#include <set>
#include <variant>
#include <vector>

#include "davit/health/health.hpp"

namespace davit::health {

/// What one look at the processes of a container shows.
struct Look {
  enum class Activity : std::uint8_t { Busy, Asleep };  ///< Asleep: every thread waits for something but a disk
  Activity activity = Activity::Busy;
  std::set<std::uint16_t> listening;  ///< TCP ports at which others can reach it
};

struct ReadinessLimits {
  Duration settle = std::chrono::milliseconds{500};  ///< of its life: how long a busy program is watched
  Duration listen = std::chrono::seconds{10};        ///< of its life: how long the published ports are waited for
  Duration rest = std::chrono::seconds{1};           ///< after the first port is open: how long the others are
};

/// One wait for one run of a container.
///
/// With published TCP ports the program is ready when all of them are open. Without, when it was found asleep twice in
/// a row, since what fails at its start does so without waiting for anything; a busy program counts as up after as long
/// as docker compose takes for its first look. The limits count from the start of the run, so a container that has been
/// up for a while is answered for at once.
class Readiness {
 public:
  Readiness(std::vector<std::uint16_t> ports, ReadinessLimits limits, Time started);

  struct LookAgain {
    Time at;
    friend bool operator==(const LookAgain&, const LookAgain&) = default;
  };
  struct Ready {
    friend bool operator==(const Ready&, const Ready&) = default;
  };
  /// The limit has passed, and nothing listens at these.
  struct Silent {
    std::vector<std::uint16_t> ports;
    friend bool operator==(const Silent&, const Silent&) = default;
  };
  using Action = std::variant<LookAgain, Ready, Silent>;

  [[nodiscard]] bool needs_ports() const { return !ports_.empty(); }
  [[nodiscard]] Action looked(const Look& look, Time now);

 private:
  [[nodiscard]] Action listen(const Look& look, Time now);
  [[nodiscard]] Action look_again(Time now);

  std::vector<std::uint16_t> ports_;
  ReadinessLimits limits_;
  Time started_;
  Time deadline_;
  bool heard_ = false;   ///< one of the ports is open
  bool asleep_ = false;  ///< at the last look
  Duration back_off_;
};

}  // namespace davit::health
