#include "embedded/offline.hpp"

#include "davit/embedded/client.hpp"
#include "davit/state/projects.hpp"
#include "davit/state/volumes.hpp"
#include "embedded/proc.hpp"
#include "embedded/project_engine.hpp"
#include "embedded/project_lock.hpp"

namespace davit::embedded {

namespace {

/// Whether the process of the row is there; the number alone may be another one's by now.
bool still_runs(const state::Container& row) {
  const auto facts = process_facts(static_cast<pid_t>(row.pid));
  return facts && facts->state != 'Z' && facts->start_time == row.pid_start_time;
}

}  // namespace

engine::Observed observe_offline(const Paths& paths) {
  engine::Observed out;
  auto database = state::Database::open_for_reading(paths.database());
  if (!database) return out;
  for (const auto& row : state::Containers(*database).of_project(paths.project)) {
    const engine::ContainerSpec spec = engine::container_spec_from_json(row.spec_json);
    engine::ObservedContainer container = observed_from(row, spec, paths);
    container.networks = observed_attachments(*database, row, spec);
    if (container.pid != 0 || container.state == engine::ContainerState::Restarting) {
      container.state = engine::ContainerState::Exited;
      container.exit_code = 137;
      container.pid = 0;
      container.unsupervised = still_runs(row);
      container.health = engine::Health::None;
      container.error = "its supervisor and keeper were killed";
    }
    out.containers.push_back(std::move(container));
  }
  observe_resources(*database, paths.project, out);
  return out;
}

std::optional<engine::ObservedNetwork> find_network_row(const Paths& paths, const std::string& name) {
  auto database = state::Database::open_for_reading(paths.database());
  const auto row = database ? state::Networks(*database).find_by_name(name) : std::nullopt;
  if (!row) return std::nullopt;
  return observed_from(*row);
}

std::optional<engine::ObservedVolume> find_volume_row(const Paths& paths, const std::string& name) {
  auto database = state::Database::open_for_reading(paths.database());
  const auto row = database ? state::Volumes(*database).find(name) : std::nullopt;
  if (!row) return std::nullopt;
  return observed_from(*row);
}

std::vector<engine::Event> events_offline(const Paths& paths, std::int64_t since) {
  std::vector<engine::Event> out;
  auto database = state::Database::open_for_reading(paths.database());
  if (!database) return out;
  for (const auto& row : state::Journal(*database).since(since, paths.project)) out.push_back(to_engine_event(row));
  return out;
}

std::int64_t newest_event_offline(const Paths& paths) {
  auto database = state::Database::open_for_reading(paths.database());
  return database ? state::Journal(*database).last_id(paths.project) : 0;
}

std::vector<ProjectSummary> list_projects(const std::string& data_root, const std::string& run_root) {
  std::map<std::string, ProjectSummary> projects;
  auto database = state::Database::open_for_reading(Paths{data_root, run_root, ""}.database());
  if (!database) return {};
  for (const auto& row : state::Containers(*database).all()) {
    ProjectSummary& summary = projects[row.project];
    summary.name = row.project;
    const auto label = [&row](const char* name) {
      const auto found = row.labels.find(std::string("com.docker.compose.project.") + name);
      return found == row.labels.end() ? std::string() : found->second;
    };
    if (summary.working_dir.empty()) summary.working_dir = label("working_dir");
    if (summary.config_files.empty()) {
      const std::string files = label("config_files");
      for (std::size_t begin = 0; begin < files.size();) {
        const std::size_t end = std::min(files.find(',', begin), files.size());
        summary.config_files.push_back(files.substr(begin, end - begin));
        begin = end + 1;
      }
    }
    const bool alive = row.pid == 0 || still_runs(row) || keeper_is_alive({data_root, run_root, row.project});
    ++summary.states[alive ? std::string(state::to_string(row.state)) : "exited"];
  }
  std::vector<ProjectSummary> out;
  for (auto& [name, summary] : projects) out.push_back(std::move(summary));
  return out;
}

}  // namespace davit::embedded
