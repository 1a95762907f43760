// After a crash of everything: what is left is found by its marks on the kernel's objects, not by state files.

#include <sys/wait.h>

#include <boost/json.hpp>
#include <filesystem>

#include "davit/base/error.hpp"
#include "davit/base/suggest.hpp"
#include "davit/container/bundle.hpp"
#include "davit/container/cgroups.hpp"
#include "davit/container/host.hpp"
#include "davit/container/rootfs.hpp"
#include "davit/embedded/client.hpp"
#include "davit/network/project_network.hpp"
#include "davit/process/pidfd.hpp"
#include "davit/state/change_counter.hpp"
#include "davit/state/containers.hpp"
#include "davit/state/journal.hpp"
#include "davit/state/networks.hpp"
#include "embedded/connection.hpp"
#include "embedded/container_folders.hpp"
#include "embedded/event_log.hpp"
#include "embedded/leftover_programs.hpp"
#include "embedded/project_lock.hpp"
#include "embedded/volume_folders.hpp"

namespace davit::embedded {
namespace {

using namespace std::chrono_literals;

constexpr auto kKillLimit = 10s;

/// Kills everything in the project's groups and waits for the end of each process.
Task<std::size_t> kill_processes(const container::Cgroups& cgroups, std::string group, Timers& timers) {
  std::vector<process::PidFd> processes;
  for (const pid_t pid : cgroups.processes(group))
    if (auto process = process::PidFd::open(pid)) processes.push_back(std::move(*process));
  cgroups.kill(group);
  const TimedOut timed_out = co_await process::end_all(timers, processes, kKillLimit);
  if (timed_out == TimedOut::Yes) throw Error("a process in cgroup '" + group + "' does not end after SIGKILL");
  co_return processes.size();
}

/// What the journal says of a container that ended with those who watched it.
state::Event end_of(const state::Container& row) {
  namespace json = boost::json;
  state::Event event;
  event.project = row.project;
  event.kind = "die";
  event.subject_kind = "container";
  event.subject = row.id.str();
  event.attributes_json =
      json::serialize(json::object{{"exitCode", "137"}, {"name", row.name}, {"service", row.service}});
  event.cause = "supervisor and keeper were killed";
  return event;
}

/// Rows of containers that cannot be running any more.
std::size_t correct_rows(const Paths& paths) {
  if (!std::filesystem::exists(paths.database())) return 0;
  state::Database database = state::Database::open(paths.database());
  if (served_elsewhere(paths, database)) return 0;
  state::Containers containers(database);
  std::size_t corrected = 0;
  for (auto& row : containers.of_project(paths.project)) {
    if (row.pid == 0 && row.state != state::ContainerState::Restarting) continue;
    row.state = state::ContainerState::Exited;
    row.exit_code = 137;
    row.pid = 0;
    row.finished = state::wall_time_now();
    row.error = "its supervisor and keeper were killed";
    row.health_json.clear();
    state::Transaction transaction(database);
    state::Networks(database).release_all(row.id);
    if (containers.update(row)) {  // not removed meanwhile
      ++corrected;
      state::Journal(database).append(end_of(row));
    }
    transaction.commit();
  }
  if (corrected > 0) state::ChangeCounter(paths.names_counter()).advance();
  return corrected;
}

std::size_t remove_unknown_folders(const Paths& paths) {
  std::optional<state::Database> database;
  if (std::filesystem::exists(paths.database())) database.emplace(state::Database::open(paths.database()));
  return remove_stray_folders(
      paths, [&database](const ContainerId& id) { return database && state::Containers(*database).find(id); });
}

std::size_t remove_rest_of_volumes(const Paths& paths) {
  std::optional<state::Database> database;
  if (std::filesystem::exists(paths.database())) database.emplace(state::Database::open(paths.database()));
  const std::vector<std::string> folders = find_garbage_of_volumes(paths, database ? &*database : nullptr);
  for (const auto& folder : folders) std::filesystem::remove_all(folder);
  return folders.size();
}

/// The lock goes last, so that who waits for it finds either all or nothing of the project.
void remove_folder(const Paths& paths) {
  container::unmount_below(paths.folder());
  for (const auto& entry : std::filesystem::directory_iterator(paths.folder()))
    if (entry.path().filename() != "lock") std::filesystem::remove_all(entry.path());
  std::filesystem::remove_all(paths.folder());
}

}  // namespace

Task<std::vector<std::string>> cleanup_leftovers(EngineOptions options, Timers& timers) {
  const Paths paths{options.data_root, options.run_root, options.project};
  std::vector<std::string> removed;
  HttpClient supervisor(paths.socket());
  bool served = false;
  if (keeper_is_alive(paths)) served = co_await supervisor.connect();
  if (served) co_return removed;
  const bool had_folder = std::filesystem::exists(paths.folder());
  const Fd lock = co_await lock_project(paths, timers, options.notice);
  served = co_await connect_if_served(paths, supervisor, timers);
  if (served) co_return removed;  // another command has started it while we waited
  const EndedPrograms ended = co_await end_leftover_programs(paths, 0, timers);
  if (ended.runtimes > 0) removed.push_back(counted(ended.runtimes, "container runtime"));
  if (ended.keepers > 0)
    removed.push_back(counted(ended.keepers, "keeper") + " whose folder was gone, and what it had started");
  const container::Cgroups cgroups(container::detect_host().cgroups);
  const std::string group = paths.cgroup();
  if (cgroups.exists(group)) {
    const std::size_t killed = co_await kill_processes(cgroups, group, timers);
    if (killed > 0) removed.push_back(counted(killed, "process", "processes"));
    if (cgroups.remove(group) == container::Cgroups::Removed::Yes) {
      cgroups.prune_parents(group);
      removed.push_back("cgroup '" + group + "'");
    }
  }
  // What killed keepers leave; where others live it stays.
  static_cast<void>(cgroups.remove(std::string("/") + keeper::kKeepersGroup));
  for (auto& what : network::cleanup_leftovers(paths.scope())) removed.push_back(std::move(what));
  const std::size_t rows = correct_rows(paths);
  if (rows > 0) removed.push_back("the state 'running' of " + counted(rows, "container"));
  const std::size_t folders = remove_unknown_folders(paths);
  if (folders > 0) removed.push_back("the files of " + counted(folders, "container") + " that no record names");
  const std::size_t volumes = remove_rest_of_volumes(paths);
  if (volumes > 0) removed.push_back("the files of " + counted(volumes, "volume") + " whose removal was cut off");
  remove_folder(paths);
  if (had_folder) removed.push_back("folder '" + paths.folder() + "'");
  co_return removed;
}

}  // namespace davit::embedded
