#include "davit/state/volumes.hpp"

#include "state/json_columns.hpp"

namespace davit::state {
namespace {

#define DAVIT_VOLUME_COLUMNS "name, project, key, driver, labels, options, anonymous, config_hash, created"

Volume read(const Statement& row) {
  return {
      row.text(0),    row.text(1), row.text(2),   row.text(3), map_from_json(row.text(4)), map_from_json(row.text(5)),
      row.boolean(6), row.text(7), row.integer(8)};
}

std::vector<Volume> read_all(Statement rows) {
  std::vector<Volume> volumes;
  while (rows.step()) volumes.push_back(read(rows));
  return volumes;
}

}  // namespace

bool Volumes::insert(const Volume& v) {
  return database_.run("INSERT INTO volumes(" DAVIT_VOLUME_COLUMNS ") VALUES(?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING",
                       v.name, v.project, v.key, v.driver, to_json(v.labels), to_json(v.options), v.anonymous,
                       v.config_hash, v.created) == 1;
}

std::optional<Volume> Volumes::find(const std::string& name) {
  Statement rows = database_.prepare("SELECT " DAVIT_VOLUME_COLUMNS " FROM volumes WHERE name=?");
  rows.bind(name);
  if (!rows.step()) return std::nullopt;
  return read(rows);
}

std::vector<Volume> Volumes::of_project(const std::string& project) {
  Statement rows = database_.prepare("SELECT " DAVIT_VOLUME_COLUMNS " FROM volumes WHERE project=? ORDER BY name");
  rows.bind(project);
  return read_all(std::move(rows));
}

std::vector<Volume> Volumes::all() {
  return read_all(database_.prepare("SELECT " DAVIT_VOLUME_COLUMNS " FROM volumes ORDER BY name"));
}

void Volumes::remove(const std::string& name) {
  database_.run("DELETE FROM volumes WHERE name=?", name);
}

}  // namespace davit::state
