#include "davit/state/projects.hpp"

#include "state/json_columns.hpp"

namespace davit::state {
namespace {

Project read(const Statement& row) {
  return {row.text(0), row.text(1), list_from_json(row.text(2)), row.text(3), row.integer(4)};
}

}  // namespace

void Projects::put(const Project& project) {
  database_.run(
      "INSERT INTO projects(name, working_dir, config_files, run_root, created) VALUES(?,?,?,?,?) "
      "ON CONFLICT(name) DO UPDATE SET working_dir=excluded.working_dir, config_files=excluded.config_files, "
      "run_root=excluded.run_root",
      project.name, project.working_dir, to_json(project.config_files), project.run_root, project.created);
}

std::optional<Project> Projects::find(const std::string& name) {
  Statement rows =
      database_.prepare("SELECT name, working_dir, config_files, run_root, created FROM projects WHERE name=?");
  rows.bind(name);
  if (!rows.step()) return std::nullopt;
  return read(rows);
}

std::vector<Project> Projects::all() {
  std::vector<Project> projects;
  Statement rows =
      database_.prepare("SELECT name, working_dir, config_files, run_root, created FROM projects ORDER BY name");
  while (rows.step()) projects.push_back(read(rows));
  return projects;
}

void Projects::remove(const std::string& name) {
  database_.run("DELETE FROM projects WHERE name=?", name);
}

}  // namespace davit::state
