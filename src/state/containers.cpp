#include "davit/state/containers.hpp"

#include <array>
#include <utility>

#include "davit/base/error.hpp"
#include "state/json_columns.hpp"

namespace davit::state {
namespace {

constexpr std::array<std::pair<ContainerState, std::string_view>, 6> kStates = {{
    {ContainerState::Created, "created"},
    {ContainerState::Running, "running"},
    {ContainerState::Paused, "paused"},
    {ContainerState::Restarting, "restarting"},
    {ContainerState::Exited, "exited"},
    {ContainerState::Dead, "dead"},
}};

#define DAVIT_CONTAINER_COLUMNS                                                                              \
  "id, project, service, name, number, oneoff, spec, image, labels, state, pid, pid_start_time, exit_code, " \
  "oom_killed, error, created, started, finished, health, restart_count, stop_requested"

Container read(const Statement& row) {
  Container c;
  c.id = ContainerId(row.text(0));
  c.project = row.text(1);
  c.service = row.text(2);
  c.name = row.text(3);
  c.number = static_cast<int>(row.integer(4));
  c.oneoff = row.boolean(5);
  c.spec_json = row.text(6);
  c.image = ImageId(row.text(7));
  c.labels = map_from_json(row.text(8));
  const auto state = container_state_from(row.text(9));
  if (!state)
    throw Error(
        Diagnostic::error("state-damaged", "container '" + c.name + "' has unknown state '" + row.text(9) + "'"));
  c.state = *state;
  c.pid = row.integer(10);
  c.pid_start_time = row.integer(11);
  if (const auto code = row.optional_integer(12)) c.exit_code = static_cast<int>(*code);
  c.oom_killed = row.boolean(13);
  c.error = row.text(14);
  c.created = row.integer(15);
  c.started = row.integer(16);
  c.finished = row.integer(17);
  c.health_json = row.text(18);
  c.restart_count = static_cast<int>(row.integer(19));
  c.stop_requested = row.boolean(20);
  return c;
}

std::vector<Container> read_all(Statement rows) {
  std::vector<Container> containers;
  while (rows.step()) containers.push_back(read(rows));
  return containers;
}

}  // namespace

std::string_view to_string(ContainerState state) {
  for (const auto& [value, text] : kStates)
    if (value == state) return text;
  return "unknown";
}

std::optional<ContainerState> container_state_from(std::string_view text) {
  for (const auto& [value, name] : kStates)
    if (name == text) return value;
  return std::nullopt;
}

bool Containers::insert(const Container& c) {
  return database_.run("INSERT INTO containers(" DAVIT_CONTAINER_COLUMNS
                       ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING",
                       c.id.str(), c.project, c.service, c.name, c.number, c.oneoff, c.spec_json, c.image.str(),
                       to_json(c.labels), to_string(c.state), c.pid, c.pid_start_time, c.exit_code, c.oom_killed,
                       c.error, c.created, c.started, c.finished, c.health_json, c.restart_count,
                       c.stop_requested) == 1;
}

bool Containers::update(const Container& c) {
  return database_.run(
             "UPDATE OR IGNORE containers SET project=?, service=?, name=?, number=?, oneoff=?, spec=?, image=?, "
             "labels=?, state=?, pid=?, pid_start_time=?, exit_code=?, oom_killed=?, error=?, created=?, started=?, "
             "finished=?, health=?, restart_count=?, stop_requested=? WHERE id=?",
             c.project, c.service, c.name, c.number, c.oneoff, c.spec_json, c.image.str(), to_json(c.labels),
             to_string(c.state), c.pid, c.pid_start_time, c.exit_code, c.oom_killed, c.error, c.created, c.started,
             c.finished, c.health_json, c.restart_count, c.stop_requested, c.id.str()) == 1;
}

void Containers::set_health(const ContainerId& id, const std::string& health_json) {
  database_.run("UPDATE containers SET health=? WHERE id=?", health_json, id.str());
}

void Containers::remove(const ContainerId& id) {
  database_.run("DELETE FROM containers WHERE id=?", id.str());
}

std::optional<Container> Containers::find(const ContainerId& id) {
  Statement rows = database_.prepare("SELECT " DAVIT_CONTAINER_COLUMNS " FROM containers WHERE id=?");
  rows.bind(id.str());
  if (!rows.step()) return std::nullopt;
  return read(rows);
}

std::optional<Container> Containers::find_by_name(const std::string& name) {
  Statement rows = database_.prepare("SELECT " DAVIT_CONTAINER_COLUMNS " FROM containers WHERE name=?");
  rows.bind(name);
  if (!rows.step()) return std::nullopt;
  return read(rows);
}

std::vector<Container> Containers::of_project(const std::string& project) {
  Statement rows = database_.prepare("SELECT " DAVIT_CONTAINER_COLUMNS
                                     " FROM containers WHERE project=? ORDER BY service, number, created, id");
  rows.bind(project);
  return read_all(std::move(rows));
}

std::vector<Container> Containers::all() {
  return read_all(database_.prepare("SELECT " DAVIT_CONTAINER_COLUMNS
                                    " FROM containers ORDER BY project, service, number, created, id"));
}

std::vector<Container> Containers::of_image(const ImageId& image) {
  Statement rows = database_.prepare("SELECT " DAVIT_CONTAINER_COLUMNS " FROM containers WHERE image=? ORDER BY name");
  rows.bind(image.str());
  return read_all(std::move(rows));
}

}  // namespace davit::state
