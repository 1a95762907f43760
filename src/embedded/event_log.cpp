#include "embedded/event_log.hpp"

#include <algorithm>
#include <boost/json.hpp>

namespace davit::embedded {

namespace json = boost::json;

engine::Event to_engine_event(const state::Event& event) {
  engine::Event out;
  out.id = event.id;
  out.time = engine::WallTime(std::chrono::nanoseconds(event.wall));
  out.type = event.subject_kind;
  out.action = event.kind;
  out.cause = event.cause;
  if (event.subject_kind == "container") {
    out.container = event.subject;
  } else {
    out.name = event.subject;
  }
  boost::system::error_code error;
  const json::value attributes = json::parse(event.attributes_json, error);
  if (error || !attributes.is_object()) return out;
  for (const auto& item : attributes.get_object()) {
    if (!item.value().is_string()) continue;
    const std::string key(item.key());
    const std::string value(item.value().get_string());
    if (key == "name") {
      out.name = value;
    } else if (key == "service") {
      out.service = value;
    } else {
      out.attributes[key] = value;
    }
  }
  return out;
}

EventLog::EventLog(state::Database& database, std::string project, asio::any_io_executor executor)
    : database_(database), project_(std::move(project)), appended_(std::move(executor)) {}

std::int64_t EventLog::append(const Change& change) {
  json::object attributes;
  for (const auto& [key, value] : change.attributes) attributes[key] = value;
  if (!change.name.empty()) attributes["name"] = change.name;
  if (!change.service.empty()) attributes["service"] = change.service;
  state::Event event;
  event.project = project_;
  event.kind = change.action;
  event.subject_kind = change.type;
  event.subject = change.subject;
  event.attributes_json = json::serialize(attributes);
  event.cause = change.cause;
  const std::int64_t id = state::Journal(database_).append(std::move(event));
  appended_.notify();  // whoever waits runs later, after the transaction
  return id;
}

Task<std::vector<engine::Event>> EventLog::next(std::int64_t since) {
  for (;;) {
    const std::vector<state::Event> rows = state::Journal(database_).since(since, project_);
    if (!rows.empty()) {
      std::vector<engine::Event> out;
      out.reserve(rows.size());
      for (const auto& row : rows) out.push_back(to_engine_event(row));
      co_return out;
    }
    co_await appended_.wait();
  }
}

std::int64_t EventLog::newest() {
  return state::Journal(database_).last_id(project_);
}

bool EventLog::has_since(const std::string& subject, const std::string& action, state::WallTime time) {
  constexpr std::int64_t kNewest = 1000;
  const std::vector<state::Event> rows =
      state::Journal(database_).since(std::max<std::int64_t>(0, newest() - kNewest), project_);
  return std::any_of(rows.begin(), rows.end(), [&](const state::Event& row) {
    return row.subject == subject && row.kind == action && row.wall >= time;
  });
}

}  // namespace davit::embedded
