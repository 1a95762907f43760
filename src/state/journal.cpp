#include "davit/state/journal.hpp"

namespace davit::state {
namespace {

#define DAVIT_EVENT_COLUMNS "id, wall, monotonic, project, kind, subject_kind, subject, attributes, cause"

Event read(const Statement& row) {
  return {row.integer(0), row.integer(1), row.integer(2), row.text(3), row.text(4),
          row.text(5),    row.text(6),    row.text(7),    row.text(8)};
}

}  // namespace

std::string cause_event(std::int64_t id) {
  return "event:" + std::to_string(id);
}
std::string cause_command(const std::string& command_line) {
  return "command:" + command_line;
}

std::int64_t Journal::append(Event event) {
  if (event.wall == 0) event.wall = wall_time_now();
  if (event.monotonic == 0) event.monotonic = monotonic_time_now();
  database_.run(
      "INSERT INTO events(wall, monotonic, project, kind, subject_kind, subject, attributes, cause) "
      "VALUES(?,?,?,?,?,?,?,?)",
      event.wall, event.monotonic, event.project, event.kind, event.subject_kind, event.subject, event.attributes_json,
      event.cause);
  const std::int64_t id = database_.last_insert_id();
  if (id % kTrimEvery == 0) {
    trim(event.project, kKeptEvents);
    forget_before(event.wall - kKeptFor);
  }
  return id;
}

std::vector<Event> Journal::since(std::int64_t id, const std::optional<std::string>& project, std::int64_t limit) {
  std::vector<Event> events;
  const auto collect = [&events](Statement& rows) {
    while (rows.step()) events.push_back(read(rows));
  };
  if (project) {
    Statement rows =
        database_.prepare("SELECT " DAVIT_EVENT_COLUMNS " FROM events WHERE project=? AND id>? ORDER BY id LIMIT ?");
    rows.bind(*project, id, limit);
    collect(rows);
  } else {
    Statement rows = database_.prepare("SELECT " DAVIT_EVENT_COLUMNS " FROM events WHERE id>? ORDER BY id LIMIT ?");
    rows.bind(id, limit);
    collect(rows);
  }
  return events;
}

std::optional<Event> Journal::find(std::int64_t id) {
  Statement rows = database_.prepare("SELECT " DAVIT_EVENT_COLUMNS " FROM events WHERE id=?");
  rows.bind(id);
  if (!rows.step()) return std::nullopt;
  return read(rows);
}

std::int64_t Journal::last_id(const std::optional<std::string>& project) {
  Statement rows =
      database_.prepare(project ? "SELECT max(id) FROM events WHERE project=?" : "SELECT max(id) FROM events");
  if (project) rows.bind(*project);
  return rows.step() ? rows.integer(0) : 0;
}

void Journal::trim(const std::string& project, std::int64_t keep) {
  database_.run(
      "DELETE FROM events WHERE project=?1 AND id<=(SELECT id FROM events WHERE project=?1 ORDER BY id DESC "
      "LIMIT 1 OFFSET ?2)",
      project, keep);
}

void Journal::forget_before(WallTime time) {
  database_.run("DELETE FROM events WHERE wall<?", time);
}

}  // namespace davit::state
