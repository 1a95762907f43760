#pragma once
// The journal as the seam shows it, and waiting for what comes next.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "davit/async/event.hpp"
#include "davit/engine/observed.hpp"
#include "davit/state/database.hpp"
#include "davit/state/journal.hpp"

namespace davit::embedded {

/// A change to be told.
struct Change {
  std::string type;     ///< "container", "network", "volume", "supervisor"
  std::string action;   ///< docker's words
  std::string subject;  ///< id of a container, name of anything else
  std::string name{};
  std::string service{};
  std::map<std::string, std::string> attributes{};
  std::string cause{};
};

[[nodiscard]] engine::Event to_engine_event(const state::Event& event);

class EventLog {
 public:
  EventLog(state::Database& database, std::string project, asio::any_io_executor executor);

  /// Appends; inside a transaction the event appears with it. Returns its id.
  std::int64_t append(const Change& change);
  Task<std::vector<engine::Event>> next(std::int64_t since);
  [[nodiscard]] std::int64_t newest();
  /// Whether one of the newest thousand events tells that something was done to a container then or later.
  [[nodiscard]] bool has_since(const std::string& subject, const std::string& action, state::WallTime time);

 private:
  state::Database& database_;
  std::string project_;
  Event appended_;
};

}  // namespace davit::embedded
