#pragma once
// The journal: one row for every change of state, with what led to it. `events`, `ps`, the progress display and the
// start-up timeline all read it; nothing keeps a second truth.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "davit/state/database.hpp"
#include "davit/state/values.hpp"

namespace davit::state {

struct Event {
  std::int64_t id = 0;  ///< grows, never reused; given by append
  WallTime wall = 0;
  std::int64_t monotonic = 0;  ///< CLOCK_MONOTONIC, ns: differences are exact within one boot
  std::string project;
  std::string kind;          ///< what happened: "created", "started", "healthy", "exited", …
  std::string subject_kind;  ///< "container", "service", "network", "volume", "step", "project"
  std::string subject;       ///< its name or id
  std::string attributes_json = "{}";
  std::string cause;  ///< "event:41" or "command:davit up"; see cause_event, cause_command

  friend bool operator==(const Event&, const Event&) = default;
};

[[nodiscard]] std::string cause_event(std::int64_t id);
[[nodiscard]] std::string cause_command(const std::string& command_line);

class Journal {
 public:
  explicit Journal(Database& database) : database_(database) {}

  /// What is kept, so that a container that crashes for weeks does not fill the disk.
  static constexpr std::int64_t kKeptEvents = 10'000;  ///< of one project, the newest
  static constexpr WallTime kKeptFor = WallTime{30} * 24 * 3600 * 1'000'000'000;
  /// Every so many events (of all projects) the old ones are forgotten; until then there may be that many more.
  static constexpr std::int64_t kTrimEvery = 512;

  /// Adds one event and returns its id. Times that are 0 become now. Inside a Transaction the event appears with the
  /// change it tells of, or not at all. Every kTrimEvery-th forgets what is not kept: the oldest of its own project,
  /// and of all projects what is older than kKeptFor when it is written.
  std::int64_t append(Event event);
  /// Events with a greater id, oldest first, of one project or (nullopt) of all, at most `limit`.
  /// To follow: watch Database::change_file() and ask again with the last id seen.
  [[nodiscard]] std::vector<Event> since(std::int64_t id, const std::optional<std::string>& project = {},
                                         std::int64_t limit = 10000);
  [[nodiscard]] std::optional<Event> find(std::int64_t id);
  /// Of one project or (nullopt) of all; 0 when there is none.
  [[nodiscard]] std::int64_t last_id(const std::optional<std::string>& project = {});
  /// Forgets all but the newest `keep` events of a project.
  void trim(const std::string& project, std::int64_t keep);
  /// Forgets the events of all projects that happened before.
  void forget_before(WallTime time);

 private:
  Database& database_;
};

}  // namespace davit::state
