// A new supervisor takes over: from a killed one (the keeper has everything), or from nothing at all.

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "davit/base/error.hpp"
#include "embedded/container_folders.hpp"
#include "embedded/container_logs.hpp"
#include "embedded/leftover_programs.hpp"
#include "embedded/log.hpp"
#include "embedded/proc.hpp"
#include "embedded/project_engine.hpp"
#include "embedded/shortage_error.hpp"
#include "embedded/volume_folders.hpp"

namespace davit::embedded {
namespace {

using namespace std::chrono_literals;

constexpr auto kKillLimit = 15s;  ///< for the kernel to end what got SIGKILL

/// Whether the keeper holds anything of a run of the container.
bool has_parts(const Record& record, const KeeperLink::Recovered& recovered) {
  const auto first = recovered.held.lower_bound(record.run_prefix());
  return first != recovered.held.end() && first->first.starts_with(record.run_prefix());
}

}  // namespace

Task<void> ProjectEngine::recover(KeeperLink::Recovered recovered) {
  const Counted busy(busy_);
  recovering_ = true;
  for (const std::string& folder : {paths_.bundles(), paths_.runtime_state(), paths_.pumps(), paths_.mount_points()})
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) throw_system_error("make", folder, errno);
  // Of a keeper before this one. First: one that lives may still write.
  if (recovered.deaths == 0) co_await end_leftover_programs(paths_, ::getppid(), timers_);
  const std::vector<state::Network> networks = state::Networks(database_).of_project(paths_.project);
  for (const auto& row : networks) networks_[row.name] = row;
  for (auto& row : state::Containers(database_).of_project(paths_.project)) {
    engine::ContainerSpec spec = engine::container_spec_from_json(row.spec_json);
    add_record(std::move(row), std::move(spec));
  }
  if (recovered.deaths > 0)
    events_.append({"supervisor",
                    "replace",
                    paths_.project,
                    paths_.project,
                    "",
                    {{"deaths", std::to_string(recovered.deaths)}},
                    "the last supervisor died"});
  co_await end_unfinished_programs();
  const std::map<ContainerId, RecordPtr> records = records_;  // recovery may remove some
  for (const auto& [id, record] : records) {
    restore_files(*record, recovered.held);
    co_await recover_one(record, recovered);
  }
  const std::vector<std::string> notices = co_await network_.restore(networks);
  for (const auto& notice : notices) log_warning(notice);
  for (const auto& [name, fd] : recovered.held) {
    // Of containers that exist no more; and of attempts that were undone just now, which dropped theirs already.
    if (!name.starts_with("c/") && !name.starts_with("f/")) continue;
    const std::size_t end = name.find('/', 2);
    if (end != std::string::npos && !records_.contains(ContainerId(name.substr(2, end - 2)))) keeper_.drop(name);
  }
  std::set<ContainerId> known;
  for (const auto& [id, record] : records_) known.insert(id);
  std::function<std::size_t()> sweep = [this, known = std::move(known)] {
    return remove_stray_folders(paths_, [&known](const ContainerId& id) { return known.contains(id); });
  };
  co_await pool_.call(std::move(sweep));
  std::vector<std::string> garbage = find_garbage_of_volumes(paths_, &database_);
  if (!garbage.empty()) spawn(remove_garbage_of_volumes(std::move(garbage)));
  recovering_ = false;
  // Not before the networks stand: who comes back needs its bridge.
  for (const auto& [id, record] : records_)
    if (record->row.state == state::ContainerState::Restarting)
      spawn(restart_later(record, record->policy.delay_after_take_over(), record->run, "the last supervisor died"));
  for (const auto& exit : recovered.exits) process_exited(exit);
}

/// Beside everything else: a volume may be large.
Task<void> ProjectEngine::remove_garbage_of_volumes(std::vector<std::string> folders) {
  {
    const Counted busy(busy_);
    Task<void> clearing = remove_folders(std::move(folders));
    co_await std::move(clearing);
  }
  if (on_change) on_change();  // this may have been all that there was to do
}

/// Runtimes that the last supervisor had started: children of the keeper now, and of no container. One that goes on
/// would make a container behind the back of this recovery, which has undone its start already.
std::vector<process::PidFd> ProjectEngine::unfinished_programs() const {
  const std::vector<pid_t> contained = cgroups_.processes(paths_.cgroup());  // sorted
  std::vector<process::PidFd> found;
  for (const pid_t pid : children_of(::getppid())) {
    const auto facts = process_facts(pid);
    const bool known = pid == ::getpid() || std::binary_search(contained.begin(), contained.end(), pid);
    if (known || !facts || facts->state == 'Z') continue;
    if (auto program = process::PidFd::open(pid)) found.push_back(std::move(*program));
  }
  return found;
}

/// What such a program had started becomes the keeper's child when it ends, so there may be more than one round.
Task<void> ProjectEngine::end_unfinished_programs() {
  for (;;) {
    const std::vector<process::PidFd> programs = unfinished_programs();
    if (programs.empty()) co_return;
    const TimedOut timed_out = co_await process::end_all(timers_, programs, kKillLimit);
    if (timed_out == TimedOut::Yes) throw Error("a program of the last supervisor does not end after SIGKILL");
  }
}

Task<void> ProjectEngine::recover_one(RecordPtr record, KeeperLink::Recovered& recovered) {
  state::Container& row = record->row;
  if (record->is_running()) {
    const std::optional<std::string> lost = try_adopt(record, recovered);
    if (!lost) co_return;
    // What still runs cannot be looked after any more: its mounts and log pipes went with its keeper, or are useless.
    cgroups_.kill(paths_.cgroup(row.id));
    co_await clear_run(record, NetworkHost::Leases::Release);
    row.state = state::ContainerState::Exited;
    row.exit_code = 137;
    row.finished = state::wall_time_now();
    row.pid = 0;
    row.error = *lost;
    write(*record, "die", {{"exitCode", "137"}}, *lost);
    network_.announce();
    co_return;
  }
  if (has_parts(*record, recovered) || cgroups_.exists(paths_.cgroup(row.id))) {
    // A start that was not finished, or an end that was not cleared up. No row says that it runs: undo it.
    cgroups_.kill(paths_.cgroup(row.id));
    co_await clear_run(record, NetworkHost::Leases::Release);
  }
}

/// Why it is lost; nullopt: it is taken up. One container that cannot be must not keep the others from it. A shortage
/// is no reason to lose one: it is thrown, and the next supervisor tries again.
std::optional<std::string> ProjectEngine::try_adopt(RecordPtr record, KeeperLink::Recovered& recovered) {
  std::string reason = "its keeper was killed";
  try {
    if (adopt(record, recovered)) return std::nullopt;
  } catch (const std::exception& error) {
    if (is_from_shortage(error)) throw;
    reason = std::string("a new supervisor could not take it up: ") + error.what();
    log_warning("container '" + record->row.name + "' is killed: " + reason);
    record->phase = Record::Phase::Idle;
  }
  return reason;
}

bool ProjectEngine::adopt(RecordPtr record, KeeperLink::Recovered& recovered) {
  const auto pid = static_cast<pid_t>(record->row.pid);
  bool exited = false;
  for (const auto& exit : recovered.exits) exited = exited || exit.pid == pid;
  if (!exited) {
    const auto facts = process_facts(pid);
    if (facts && facts->parent == ::getppid() && facts->start_time == record->row.pid_start_time) {
      record->process = process::PidFd::open(pid);
    } else if (!has_parts(*record, recovered)) {
      return false;
    } else if (!facts && std::filesystem::exists("/proc/" + std::to_string(pid) + "/stat")) {
      throw Error("cannot look at process " + std::to_string(pid))
          .error_number(EMFILE);  // what else keeps root from it
    }
    // Otherwise it has ended just now: the keeper that still holds its parts was its parent and is about to tell.
  }
  const std::string prefix = record->run_prefix();
  record->stdin_end = std::move(recovered.held[prefix + "stdin"]);
  record->terminal = std::move(recovered.held[prefix + "tty"]);
  if (auto out = take_pipes(recovered.held, prefix, logs::Stream::Stdout)) {
    auto err = take_pipes(recovered.held, prefix, logs::Stream::Stderr);
    follow_logs(*record, logs::LogPump::Run::Resumed, std::move(*out), std::move(err));
  }
  network_.resume(record, recovered.held);
  record->phase = Record::Phase::Up;
  if (const auto stored = health_from_json(record->row.health_json); stored && record->spec.healthcheck && !exited) {
    record->health = std::make_shared<HealthRun>(probe_settings(*record->spec.healthcheck), stored->snapshot,
                                                 context_.get_executor());
    start_health(record, health::Resumed{});
    if (record->row.state == state::ContainerState::Paused) health_event(*record, health::Paused{});
  }
  return true;
}

}  // namespace davit::embedded
