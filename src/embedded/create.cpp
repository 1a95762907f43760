// Containers come and go: everything before the first start and after the last end.

#include <filesystem>

#include "davit/base/error.hpp"
#include "davit/state/volumes.hpp"
#include "embedded/container_folders.hpp"
#include "embedded/memory_file.hpp"
#include "embedded/project_engine.hpp"
#include "embedded/volume_folders.hpp"

namespace davit::embedded {
namespace {

namespace fs = std::filesystem;

/// The spec as it may be stored: secrets are nowhere but in memory.
engine::ContainerSpec without_content(engine::ContainerSpec spec) {
  for (auto& file : spec.files) file.content.reset();
  return spec;
}

Error name_in_use(const std::string& name, const std::optional<state::Container>& holder) {
  std::string message = "the container name '" + name + "' is already in use";
  if (holder) message += " by container '" + holder->id.str() + "' of project '" + holder->project + "'";
  return Error(Diagnostic::error("name-in-use", std::move(message)).about("container_name"));
}

}  // namespace

std::vector<state::Volume> ProjectEngine::resolve_volumes(engine::ContainerSpec& spec,
                                                          const engine::CreateOptions& options) {
  std::map<std::string, std::string> inherited;  // target to volume
  if (options.inherit_volumes_from) {
    const RecordPtr old = find(*options.inherit_volumes_from);
    state::Volumes volumes(database_);
    for (const auto& mount : old->spec.mounts) {
      const auto row = mount.kind == engine::Mount::Kind::Volume ? volumes.find(mount.source) : std::nullopt;
      if (row && row->anonymous) inherited[mount.target] = mount.source;
    }
  }
  std::vector<state::Volume> fresh;
  for (auto& mount : spec.mounts) {
    if (mount.kind != engine::Mount::Kind::Volume) continue;
    const bool anonymous = mount.source.empty();
    if (anonymous) {
      const auto old = inherited.find(mount.target);
      mount.source = old != inherited.end() ? old->second : random_id();
    }
    check_volume_name(mount.source);
    state::Volume row;
    row.name = mount.source;
    row.project = spec.project;
    row.anonymous = anonymous;
    row.created = state::wall_time_now();
    if (anonymous) row.labels = {{"com.docker.volume.anonymous", ""}};
    fresh.push_back(std::move(row));
  }
  return fresh;
}

/// As Docker: what the container mounts itself comes first, an anonymous volume for the image's VOLUME does not.
void ProjectEngine::add_volumes_of_others(engine::ContainerSpec& spec, const engine::CreateOptions& options) {
  std::map<std::string, engine::Mount> added;  // by target
  for (const auto& source : options.volumes_from) {
    for (engine::Mount mount : spec_of(source.container).mounts) {
      if (mount.kind == engine::Mount::Kind::Tmpfs) continue;
      if (source.access == engine::VolumesFrom::Access::ReadOnly) mount.read_only = true;
      added[mount.target] = std::move(mount);
    }
  }
  for (const auto& own : spec.mounts)
    if (own.kind != engine::Mount::Kind::Volume || !own.source.empty()) added.erase(own.target);
  std::erase_if(spec.mounts, [&added](const engine::Mount& own) { return added.contains(own.target); });
  for (auto& [target, mount] : added) spec.mounts.push_back(std::move(mount));
}

/// Of a container of this project or of another one, by its id or name.
engine::ContainerSpec ProjectEngine::spec_of(const std::string& container) {
  if (const auto own = records_.find(ContainerId(container)); own != records_.end()) return own->second->spec;
  const auto row = state::Containers(database_).find_by_name(container);
  if (!row)
    throw Error(Diagnostic::error("no-such-container", "no container '" + container + "' to take volumes from")
                    .with_hint("'davit ps -a' names the containers of a project"));
  return engine::container_spec_from_json(row->spec_json);
}

ContainerId ProjectEngine::create_container(ContainerId id, engine::ContainerSpec spec,
                                            const engine::CreateOptions& options, const Cause& cause) {
  if (const auto known = records_.find(id); known != records_.end()) {
    // Sent again: the supervisor that made it may have died before it did the rest.
    known->second->spec.files = spec.files;
    make_folder(id);
    keep_files(*known->second);
    return id;
  }
  state::Containers containers(database_);
  if (!images_.find(spec.image))
    throw Error(Diagnostic::error("no-such-image", "no image '" + spec.image_name + "' (" + spec.image.str() + ")"))
        .about("image");
  state::Transaction transaction(database_);  // what others have must not go before this one has it
  add_volumes_of_others(spec, options);
  const std::vector<state::Volume> wanted = resolve_volumes(spec, options);

  state::Container row;
  row.id = id;
  row.project = paths_.project;
  row.service = spec.service;
  row.name = spec.name;
  row.number = spec.number;
  row.oneoff = spec.one_off;
  row.spec_json = engine::to_json(without_content(spec));
  row.image = spec.image;
  row.labels = spec.labels;
  row.created = state::wall_time_now();

  state::Volumes volumes(database_);
  for (const auto& volume : wanted)
    if (!volumes.insert(volume) && !volumes.find(volume.name)) throw Error("cannot make volume '" + volume.name + "'");
  if (!containers.insert(row)) throw name_in_use(spec.name, containers.find_by_name(spec.name));
  std::map<std::string, std::string> attributes{{"image", spec.image_name}};
  events_.append({"container", "create", id.str(), row.name, row.service, std::move(attributes), cause});
  transaction.commit();

  add_record(std::move(row), std::move(spec));  // at once: what the database knows must be known here
  for (const auto& volume : wanted) fs::create_directories(paths_.volume_data(volume.name));
  make_folder(id);
  keep_files(*records_[id]);
  return id;
}

void ProjectEngine::make_folder(const ContainerId& id) const {
  logs::begin_log(paths_.logs(id));
  mark_folder(paths_, id);
}

void ProjectEngine::keep_files(const Record& record) {
  for (std::size_t i = 0; i < record.spec.files.size(); ++i) {
    const engine::FileMount& file = record.spec.files[i];
    if (!file.content) continue;
    const Fd fd = memory_file(file.name, *file.content);
    keeper_.put(record.file_prefix() + std::to_string(i), fd.get());
  }
}

void ProjectEngine::restore_files(Record& record, std::map<std::string, Fd>& held) {
  for (std::size_t i = 0; i < record.spec.files.size(); ++i) {
    const auto found = held.find(record.file_prefix() + std::to_string(i));
    if (found != held.end() && found->second) record.spec.files[i].content = read_all(found->second.get());
  }
}

void ProjectEngine::throw_rename_error(const std::exception_ptr& failure, const ContainerId& id, const std::string& old,
                                       const std::string& name) {
  const auto holder = state::Containers(database_).find_by_name(name);
  if (holder && holder->id != id) throw name_in_use(name, holder).context("while renaming container '" + old + "'");
  try {
    std::rethrow_exception(failure);
  } catch (Error& error) {
    error.context("while renaming container '" + old + "' to '" + name + "'");
    throw;
  }
}

Task<void> ProjectEngine::rename_container(ContainerId id, std::string name, Cause cause) {
  const RecordPtr record = find(id);
  Gate::Pass pass = co_await record->busy.enter();
  if (record->removed) throw Error("container '" + record->row.name + "' has been removed");
  if (record->row.name == name) co_return;
  const std::string old = record->row.name;
  const std::string old_json = record->row.spec_json;
  record->row.name = name;
  record->spec.name = name;
  record->row.spec_json = engine::to_json(without_content(record->spec));
  std::exception_ptr failure;
  try {
    write(*record, "rename", {{"oldName", "/" + old}}, cause);
  } catch (...) {
    failure = std::current_exception();
    record->row.name = old;
    record->spec.name = old;
    record->row.spec_json = old_json;
  }
  if (failure) throw_rename_error(failure, id, old, name);
  network_.rename();
  changed(*record);
}

Task<void> ProjectEngine::remove_container(ContainerId id, engine::WithVolumes volumes, Cause cause) {
  const auto found = records_.find(id);
  if (found == records_.end()) co_return;  // it is gone, as asked for
  const RecordPtr record = found->second;
  Gate::Pass pass = co_await record->busy.enter();
  co_await until_idle(record);
  if (record->removed) co_return;
  if (record->is_running() || record->row.state == state::ContainerState::Restarting)
    throw Error(Diagnostic::error("still-running", "container '" + record->row.name + "' is running; stop it first"));
  co_await remove(record, volumes, cause);
}

std::vector<std::string> ProjectEngine::forget_container(Record& record, engine::WithVolumes with_volumes,
                                                         const Cause& cause) {
  state::Transaction transaction(database_);
  state::Containers(database_).remove(record.id());
  state::Networks(database_).release_all(record.id());
  VolumesSetAside aside(paths_);
  if (with_volumes == engine::WithVolumes::Anonymous) remove_anonymous_volumes(record.spec, aside);
  append_unwritten(record);
  events_.append({"container",
                  "destroy",
                  record.id().str(),
                  record.row.name,
                  record.row.service,
                  {{"image", record.spec.image_name}},
                  cause});
  transaction.commit();
  std::vector<std::string> folders = aside.commit();
  folders.push_back(paths_.container(record.id()));
  return folders;
}

/// But for those that another container has taken over, maybe of another project.
void ProjectEngine::remove_anonymous_volumes(const engine::ContainerSpec& spec, VolumesSetAside& aside) {
  state::Volumes volumes(database_);
  std::vector<state::Volume> rows;
  for (const auto& mount : spec.mounts) {
    auto row = mount.kind == engine::Mount::Kind::Volume ? volumes.find(mount.source) : std::nullopt;
    if (row && row->anonymous) rows.push_back(*std::move(row));
  }
  if (rows.empty()) return;
  const std::map<std::string, std::string> users = users_of_volumes();
  for (const state::Volume& row : rows) {
    if (users.contains(row.name)) continue;
    volumes.remove(row.name);
    aside.add(row);
  }
}

/// By volume, a container of the data root that mounts it, running or not. For the transaction that removes volumes:
/// another project may make a container on one at any time.
std::map<std::string, std::string> ProjectEngine::users_of_volumes() {
  std::map<std::string, std::string> users;
  for (const auto& container : state::Containers(database_).all())
    for (const auto& mount : engine::container_spec_from_json(container.spec_json).mounts)
      if (mount.kind == engine::Mount::Kind::Volume) users.emplace(mount.source, container.name);
  return users;
}

Task<void> ProjectEngine::remove_folders(std::vector<std::string> folders) {
  std::function<void()> work = [folders = std::move(folders)] {
    for (const auto& folder : folders) fs::remove_all(folder);
  };
  co_await pool_.run(std::move(work));
}

Task<void> ProjectEngine::remove(RecordPtr record, engine::WithVolumes with_volumes, Cause cause) {
  std::exception_ptr failure;
  ++busy_;
  try {
    std::vector<std::string> folders;
    bool full = false;
    try {
      folders = forget_container(*record, with_volumes, cause);
    } catch (const Error& error) {
      full = error.diagnostic().code == "disk-full";
      if (!full) throw;
    }
    if (full) {
      // What the container wrote makes room for saying that it is gone.
      Task<void> clearing = remove_folders({paths_.container(record->id())});
      co_await std::move(clearing);
      folders = forget_container(*record, with_volumes, cause);
    }
    written(*record);
    record->removed = true;
    ++record->run;
    records_.erase(record->id());
    keeper_.drop_all(record->file_prefix());
    Task<void> clearing = remove_folders(std::move(folders));
    co_await std::move(clearing);
  } catch (...) {
    failure = std::current_exception();
  }
  --busy_;
  changed(*record);
  if (failure) std::rethrow_exception(failure);
}

}  // namespace davit::embedded
