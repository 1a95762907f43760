#include "embedded/project_engine.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "davit/base/error.hpp"
#include "davit/state/volumes.hpp"
#include "embedded/log.hpp"
#include "embedded/volume_folders.hpp"

namespace davit::embedded {
namespace {

/// They wait for the kernel (an unmount takes an RCU grace period, about 25 ms), not for a processor.
constexpr unsigned kBlockingThreads = 8;
/// A probe that hangs keeps its place until its time limit, so there are more than a machine could start well at once.
constexpr unsigned kProbesAtOnce = 64;
/// Between attempts to write what could not be written.
constexpr std::chrono::milliseconds kFirstRetry{250};
constexpr std::chrono::milliseconds kLastRetry{30'000};

unsigned starts_at_once() {
  return 2 * std::max(1U, std::thread::hardware_concurrency());
}

/// Runs the task, and logs what it throws: nobody waits for it, and everything expected was handled inside. Its
/// cancellation is no failure.
Task<void> contain(Task<void> task) {
  std::string failure;
  try {
    co_await std::move(task);
  } catch (const boost::system::system_error& error) {
    if (error.code() != asio::error::operation_aborted) failure = error.what();
  } catch (const std::exception& error) {
    failure = error.what();
  }
  if (!failure.empty()) log_warning(failure);
}

/// Set-uid programs of containers are below: nobody else may pass, also where the data root is open (CVE-2021-41091).
void keep_to_ourselves(const std::string& folder) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) throw_system_error("make", folder, errno);
  struct stat info{};
  if (::stat(folder.c_str(), &info) != 0) throw_system_error("look at", folder, errno);
  if ((info.st_mode & 0077U) != 0 && ::chmod(folder.c_str(), 0700) != 0)
    throw_system_error("set the mode of", folder, errno);
}

}  // namespace

void check_volume_name(const std::string& name) {
  if (!engine::is_volume_name(name))
    throw Error(Diagnostic::error("volume-name", "'" + name +
                                                     "' is not a name for a volume; allowed are letters, digits, "
                                                     "'_', '.' and '-', the first a letter or digit"));
}

ProjectEngine::ProjectEngine(asio::io_context& context, Paths paths, state::Database& database, KeeperLink& keeper,
                             Timers& timers)
    : context_(context),
      paths_(std::move(paths)),
      database_(database),
      keeper_(keeper),
      timers_(timers),
      events_(database, paths_.project, context.get_executor()),
      pool_(kBlockingThreads),
      network_(context, database, paths_, keeper, pool_),
      images_(image::ImageStore::open(paths_.data_root)),
      host_(container::detect_host()),
      cgroups_(host_.cgroups),
      tasks_(context.get_executor()),
      starting_(context.get_executor(), starts_at_once()),
      choosing_(context.get_executor(), 1),
      probing_(context.get_executor(), kProbesAtOnce) {
  for (const std::string& folder : {paths_.containers(), paths_.volumes()}) keep_to_ourselves(folder);
}

ProjectEngine::~ProjectEngine() = default;

void ProjectEngine::spawn(Task<void> task) {
  tasks_.spawn(contain(std::move(task)));
}

void ProjectEngine::leave() {
  if (cgroups_.remove(paths_.cgroup()) == container::Cgroups::Removed::Yes) cgroups_.prune_parents(paths_.cgroup());
}

RecordPtr ProjectEngine::find(const ContainerId& id) const {
  const auto found = records_.find(id);
  if (found == records_.end())
    throw Error(Diagnostic::error("no-such-container", "no container with id '" + id.str() + "'"));
  return found->second;
}

RecordPtr ProjectEngine::running(const ContainerId& id) const {
  RecordPtr record = find(id);
  if (!record->is_running())
    throw Error(Diagnostic::error("not-running", "container '" + record->row.name + "' is not running"));
  return record;
}

bool ProjectEngine::was_started_since(const ContainerId& id, std::int64_t since) const {
  const auto found = records_.find(id);
  return found != records_.end() && found->second->row.started >= since;  // it may have ended again
}

bool ProjectEngine::was_signalled_since(const ContainerId& id, std::int64_t since) {
  return events_.has_since(id.str(), "kill", since);
}

std::optional<state::ContainerState> ProjectEngine::state_of(const ContainerId& id) const {
  const auto found = records_.find(id);
  if (found == records_.end()) return std::nullopt;
  return found->second->row.state;
}

void ProjectEngine::add_record(state::Container row, engine::ContainerSpec spec) {
  const ContainerId id = row.id;
  records_[id] = std::make_shared<Record>(std::move(row), std::move(spec), context_.get_executor());
}

std::int64_t ProjectEngine::write(Record& record, const std::string& action,
                                  std::map<std::string, std::string> attributes, const Cause& cause) {
  record.unwritten.push_back({action, std::move(attributes), cause});
  try {
    return write_all(record);
  } catch (...) {
    record.unwritten.pop_back();
    throw;
  }
}

std::optional<std::int64_t> ProjectEngine::write_or_keep(Record& record, Record::Unwritten change) {
  const bool first = record.unwritten.empty();
  const std::string action = change.action;
  record.unwritten.push_back(std::move(change));
  try {
    return write_all(record);
  } catch (const std::exception& error) {
    log_warning("cannot write '" + action + "' of container '" + record.row.name +
                "', will try again: " + error.what());
  }
  if (const auto found = records_.find(record.id()); first && found != records_.end()) spawn(write_late(found->second));
  return std::nullopt;
}

std::int64_t ProjectEngine::write_all(Record& record) {
  state::Transaction transaction(database_);
  if (!record.removed && !state::Containers(database_).update(record.row))
    throw Error("cannot write container '" + record.row.name + "': its row is gone or its name is taken");
  const std::int64_t id = append_unwritten(record);
  transaction.commit();
  written(record);
  return id;
}

std::int64_t ProjectEngine::append_unwritten(const Record& record) {
  std::int64_t id = 0;
  for (const auto& [action, attributes, cause, exited] : record.unwritten) {
    std::map<std::string, std::string> all = attributes;
    all.emplace("image", record.spec.image_name);
    id = events_.append(
        {"container", action, record.id().str(), record.row.name, record.row.service, std::move(all), cause});
  }
  return id;
}

/// Not before: an exit that nobody has written must come again when this supervisor dies. That the keeper cannot be
/// told does not undo what is written: the exit comes again, and is a stranger's then.
void ProjectEngine::written(Record& record) noexcept {
  for (const auto& change : std::exchange(record.unwritten, {})) {
    if (change.exited == 0) continue;
    try {
      keeper_.forget(change.exited);
    } catch (const std::exception& error) {
      log_warning("the end of container '" + record.row.name +
                  "' is written, but stays with the keeper: " + error.what());
    }
  }
}

Task<void> ProjectEngine::write_late(RecordPtr record) {
  for (auto delay = kFirstRetry; !record->unwritten.empty(); delay = std::min(2 * delay, kLastRetry)) {
    co_await timers_.sleep_for(delay);
    if (record->removed || record->unwritten.empty()) co_return;
    try {
      write_all(*record);
    } catch (const std::exception&) {
      // Said when it failed first.
    }
  }
}

void ProjectEngine::changed(Record& record) {
  record.changed.notify();
  if (on_change) on_change();
}

Task<void> ProjectEngine::create_network(engine::NetworkSpec spec, Cause cause) {
  const Counted busy(busy_);
  const bool known = networks_.contains(spec.name);
  const state::Network row = network_.insert(spec);
  std::string failure;
  try {
    const std::vector<std::string> notices = co_await network_.raise(row);
    for (const auto& notice : notices) log_warning(notice);
  } catch (const std::exception& error) {
    failure = error.what();
  }
  if (!failure.empty()) {
    if (!known) state::Networks(database_).remove(row.id);
    throw Error(failure).context("while creating network '" + spec.name + "'");
  }
  networks_[row.name] = row;
  if (!known) events_.append({"network", "create", row.name, row.name, "", {{"driver", row.driver}}, cause});
}

Task<void> ProjectEngine::remove_network(std::string name, Cause cause) {
  const auto found = networks_.find(name);
  if (found == networks_.end()) co_return;
  // One transaction from the question to the removal: other projects of the data root take addresses meanwhile.
  state::Transaction transaction(database_);
  // Of another project: its leases and its link would go with the network.
  std::vector<std::string> users = state::Networks(database_).users_elsewhere(found->second.id, paths_.project);
  for (const auto& [id, record] : records_)
    for (const auto& wish : record->spec.attachments)
      if (wish.network == name && (record->is_running() || record->phase != Record::Phase::Idle))
        users.push_back(record->row.name);
  if (!users.empty())
    throw Error(Diagnostic::error("network-in-use",
                                  "network '" + name + "' is still in use by container '" + users.front() + "'"));
  ++busy_;
  std::exception_ptr failure;
  try {
    state::Networks(database_).remove(found->second.id);
    events_.append({"network", "destroy", name, name, "", {}, cause});
    transaction.commit();
    networks_.erase(found);
    co_await network_.lower(name);
  } catch (...) {
    failure = std::current_exception();
  }
  --busy_;
  if (on_change) on_change();
  if (failure) std::rethrow_exception(failure);
}

void ProjectEngine::create_volume(const engine::VolumeSpec& spec, const Cause& cause) {
  if ((!spec.driver.empty() && spec.driver != "local") || !spec.driver_opts.empty())
    throw Error(Diagnostic::error("unsupported-driver", "volume '" + spec.name +
                                                            "' has a driver or driver options; "
                                                            "only the driver 'local' without options is supported"));
  check_volume_name(spec.name);
  state::Volumes volumes(database_);
  state::Volume row;
  row.name = spec.name;
  row.project = spec.project;
  row.key = spec.key;
  row.labels = spec.labels;
  row.options = spec.driver_opts;
  row.config_hash = spec.config_hash;
  row.created = state::wall_time_now();
  state::Transaction transaction(database_);
  if (volumes.insert(row)) events_.append({"volume", "create", spec.name, spec.name, "", {{"driver", "local"}}, cause});
  transaction.commit();
  std::filesystem::create_directories(paths_.volume_data(spec.name));
}

Task<void> ProjectEngine::remove_volume(std::string name, Cause cause) {
  check_volume_name(name);
  state::Volumes volumes(database_);
  // One transaction from the question to the removal: another project may make a container on the volume.
  state::Transaction transaction(database_);
  const std::optional<state::Volume> row = volumes.find(name);
  if (!row) co_return;
  const std::map<std::string, std::string> users = users_of_volumes();
  if (const auto user = users.find(name); user != users.end())
    throw Error(Diagnostic::error("volume-in-use",
                                  "volume '" + name + "' is still in use by container '" + user->second + "'"));
  VolumesSetAside aside(paths_);
  aside.add(*row);
  volumes.remove(name);
  events_.append({"volume", "destroy", name, name, "", {{"driver", "local"}}, cause});
  transaction.commit();
  std::vector<std::string> folders = aside.commit();
  Task<void> clearing = remove_folders(std::move(folders));
  co_await std::move(clearing);
}

}  // namespace davit::embedded
