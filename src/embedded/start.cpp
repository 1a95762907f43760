// From a record to a running process, and back to nothing when a step fails.

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "davit/base/error.hpp"
#include "davit/base/files.hpp"
#include "davit/container/mount_points.hpp"
#include "davit/network/namespaces.hpp"
#include "davit/process/run.hpp"
#include "embedded/container_logs.hpp"
#include "embedded/log.hpp"
#include "embedded/proc.hpp"
#include "embedded/project_engine.hpp"

namespace davit::embedded {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kShortId = 12;

std::array<Fd, 2> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw_system_error("make", "a pipe", errno);
  return {Fd(ends[0]), Fd(ends[1])};
}

Fd duplicate(const Fd& fd) {
  Fd copy(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 3));
  if (!copy) throw_system_error("duplicate", "a descriptor", errno);
  return copy;
}

bool is_bridged(const engine::ContainerSpec& spec) {
  return spec.network_mode.empty() || spec.network_mode == "bridge";
}

std::optional<ContainerId> joined_container(const std::string& mode) {
  constexpr std::string_view kPrefix = "container:";
  if (!mode.starts_with(kPrefix)) return std::nullopt;
  return ContainerId(mode.substr(kPrefix.size()));
}

std::string host_name() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) throw_system_error("ask for", "the host's name", errno);
  return name.data();
}

}  // namespace

Task<void> ProjectEngine::start_container(ContainerId id, Cause cause) {
  const RecordPtr record = find(id);
  Gate::Pass pass = co_await record->busy.enter();
  co_await until_idle(record);
  if (record->removed) throw Error("container '" + record->row.name + "' has been removed");
  if (record->is_running()) co_return;
  record->policy.started_by_user();
  record->row.restart_count = 0;
  co_await start(record, Starter::Request, std::move(cause));
}

Task<void> ProjectEngine::start(RecordPtr record, Starter starter, Cause cause) {
  const Counted counted(busy_);
  record->phase = Record::Phase::Starting;
  ++record->run;
  std::exception_ptr failure;
  std::string message;
  int code = 0;
  const bool is_first = record->row.state == state::ContainerState::Created;
  try {
    co_await start_run(record);
    write(*record, "start", {}, cause);  // a run that no row tells of is none: the next supervisor would end it
  } catch (const Error& error) {
    failure = std::current_exception();
    message = error.what();
    code = error.exit_code() == 1 ? 128 : error.exit_code();
  } catch (const std::exception& error) {
    failure = std::current_exception();
    message = error.what();
    code = 128;
  }
  if (!failure) {
    record->phase = Record::Phase::Up;
    network_.announce();
    changed(*record);
    if (const auto exit = unclaimed_.find(static_cast<int>(record->row.pid)); exit != unclaimed_.end()) {
      const ProcessExit found = exit->second;
      unclaimed_.erase(exit);
      process_exited(found);
    }
    forget_strangers();
    co_return;
  }
  co_await clear_run(record, NetworkHost::Leases::Release);
  record->row.state = is_first ? state::ContainerState::Created : state::ContainerState::Exited;
  record->row.exit_code = code;
  record->row.error = message;
  record->row.pid = 0;
  record->row.health_json.clear();
  record->phase = Record::Phase::Idle;
  std::map<std::string, std::string> attributes{{"error", message}};
  std::optional<std::chrono::milliseconds> again;
  if (starter == Starter::RestartPolicy) {
    again = after_failed_restart(*record, code);
    attributes["exitCode"] = std::to_string(code);
    if (again) attributes["restarting"] = "true";
  }
  write_or_keep(*record, {"start-failed", std::move(attributes), cause});
  if (again) spawn(restart_later(record, *again, record->run, "a restart failed"));
  changed(*record);
  std::rethrow_exception(failure);
}

/// What was in the way may go: a disk is full, a port taken for a moment. So it counts as a run that ended at once.
std::optional<std::chrono::milliseconds> ProjectEngine::after_failed_restart(Record& record, int code) {
  const auto action =
      record.policy.container_exited(code, std::chrono::milliseconds(0), schedule::RestartPolicy::StopRequest::None);
  const auto* const again = std::get_if<schedule::RestartPolicy::StartAgain>(&action);
  if (again == nullptr) return std::nullopt;
  record.row.state = state::ContainerState::Restarting;
  return again->after;
}

Task<void> ProjectEngine::start_run(RecordPtr record) {
  const engine::ContainerSpec& spec = record->spec;
  for (const auto& file : spec.files)
    if (!file.content && file.source.empty())
      throw Error(Diagnostic::error("content-lost", "the content of '" + file.name + "' was only in memory and is gone")
                      .with_hint("create the container again: davit up --force-recreate"));
  container::OciRuntime* const runtime = co_await runtime_for(spec.runtime);
  std::vector<network::PortReservation> ports;
  if (is_bridged(spec) && !spec.attachments.empty()) ports = network_.reserve(*record);
  Fd netns = co_await make_namespace(record);
  co_await network_.connect(record, std::move(netns));

  container::BundleInputs inputs = bundle_inputs(*record, *runtime);
  std::function<container::Bundle()> prepare = [&spec, inputs] { return container::prepare_bundle(spec, inputs); };
  const container::Bundle bundle = co_await pool_.call(std::move(prepare));
  co_await network_.publish(record, std::move(ports));

  ContainerEnds ends;
  if (!spec.tty) ends = open_pipes(*record);
  cgroups_.make(paths_.cgroup());  // or a project that ends takes the parent of all away while the runtime needs it
  container::OciRuntime::Started started;
  {
    Gate::Pass pass = co_await starting_.enter();
    const Counted launching(launching_);
    const std::string bundle_dir = bundle.dir;
    const container::Stdio stdio = ends.stdio();
    started = co_await runtime->run(record->id(), bundle_dir, stdio);
    record->row.pid = started.pid;  // before anything else happens: an exit may be waiting for its owner
  }
  if (started.pidfd) record->process.emplace(std::move(*started.pidfd));
  if (spec.tty) follow_terminal(*record, std::move(started.terminal));
  note_running(*record);
  if (spec.healthcheck && !spec.healthcheck->test.empty() && spec.healthcheck->test.front() != "NONE") {
    record->health =
        std::make_shared<HealthRun>(probe_settings(*spec.healthcheck), health::Snapshot{}, context_.get_executor());
    record->row.health_json = health_to_json(record->health->state);
    start_health(record, health::Started{});
  }
}

ProjectEngine::ContainerEnds ProjectEngine::open_pipes(Record& record) {
  const std::string prefix = record.run_prefix();
  std::array<Fd, 2> out = logs::make_log_pipe();
  std::array<Fd, 2> err = logs::make_log_pipe();
  logs::StreamPipes out_pipes = logs::with_staging(std::move(out[0]));
  logs::StreamPipes err_pipes = logs::with_staging(std::move(err[0]));
  keep_pipes(keeper_, prefix, logs::Stream::Stdout, out_pipes);
  keep_pipes(keeper_, prefix, logs::Stream::Stderr, err_pipes);
  follow_logs(record, logs::LogPump::Run::New, std::move(out_pipes), std::move(err_pipes));
  ContainerEnds ends{.in = Fd(), .out = std::move(out[1]), .err = std::move(err[1])};
  if (record.spec.stdin_open) {
    std::array<Fd, 2> in = make_pipe();
    ends.in = std::move(in[0]);
    record.stdin_end = std::move(in[1]);
    keeper_.put(prefix + "stdin", record.stdin_end.get());
  }
  return ends;
}

void ProjectEngine::follow_terminal(Record& record, Fd terminal) {
  const std::string prefix = record.run_prefix();
  record.terminal = std::move(terminal);
  logs::StreamPipes pipes = logs::with_staging(duplicate(record.terminal));
  keeper_.put(prefix + "tty", record.terminal.get());
  keep_pipes(keeper_, prefix, logs::Stream::Stdout, pipes);
  follow_logs(record, logs::LogPump::Run::New, std::move(pipes), std::nullopt);
}

void ProjectEngine::note_running(Record& record) {
  state::Container& row = record.row;
  row.state = state::ContainerState::Running;
  row.pid_start_time = process_start_time(static_cast<pid_t>(row.pid)).value_or(0);
  row.exit_code.reset();
  row.oom_killed = false;
  row.error.clear();
  row.started = state::wall_time_now();
  row.finished = 0;
  row.stop_requested = false;
  row.health_json.clear();
}

Task<Fd> ProjectEngine::make_namespace(RecordPtr record) {
  const engine::ContainerSpec& spec = record->spec;
  if (spec.network_mode == "host" || joined_container(spec.network_mode)) co_return Fd();
  network::NamespaceSettings settings;
  for (const auto& [name, value] : spec.sysctls)
    if (name.starts_with("net.")) settings.sysctls.emplace_back(name, value);
  for (const auto& wish : spec.attachments)
    if (const auto found = networks_.find(wish.network); found != networks_.end() && found->second.subnet_v6)
      settings.ipv6 = network::NamespaceSettings::Ipv6::On;
  auto made = std::make_shared<Fd>();
  std::function<void()> work = [made, settings] { *made = network::create_namespace(settings); };
  co_await pool_.run(std::move(work));
  co_return std::move(*made);
}

Task<container::OciRuntime*> ProjectEngine::runtime_for(std::string wanted) {
  Gate::Pass pass = co_await choosing_.enter();
  auto& runtime = runtimes_[wanted];
  if (!runtime) {
    const std::string cache = paths_.cache();
    container::RuntimeProgram program;
    try {
      program = co_await container::choose_runtime(timers_, wanted, cache, host_);
    } catch (Error& error) {
      error.about("runtime");
      throw;
    }
    runtime = std::make_unique<container::OciRuntime>(std::move(program), paths_.runtime_state(), timers_);
  }
  co_return runtime.get();
}

const std::vector<std::string>& ProjectEngine::layers_of(const ImageId& image) {
  if (const auto known = layers_.find(image); known != layers_.end()) return known->second;
  const auto found = images_.find(image);
  if (!found) throw Error("the image '" + image.str() + "' is gone");
  std::vector<std::string> layers;
  for (const auto& path : images_.layer_paths(*found)) layers.push_back(path.string());
  std::reverse(layers.begin(), layers.end());  // the store names the topmost first
  layers.push_back(mount_point_layer(image, layers));
  return layers_[image] = std::move(layers);
}

/// One for all containers of an image; a former supervisor may have made it.
std::string ProjectEngine::mount_point_layer(const ImageId& image, const std::vector<std::string>& layers) const {
  const std::string folder = paths_.mount_points() + "/" + image.str().substr(image.str().find(':') + 1);
  if (fs::exists(folder)) return folder;
  const std::string unfinished = folder + ".unfinished";
  fs::remove_all(unfinished);
  container::make_mount_points(layers, unfinished);
  fs::rename(unfinished, folder);
  return folder;
}

std::string ProjectEngine::namespace_path(const Record& record, const std::string& mode, const char* kind) const {
  const auto other = joined_container(mode);
  if (!other) return "";
  const auto found = records_.find(*other);
  if (found == records_.end() || !found->second->is_running())
    throw Error("container '" + record.row.name + "' shares a namespace of container '" + other->str() +
                "', which is not running")
        .about(kind == std::string_view("net") ? "network_mode" : kind);
  return "/proc/" + std::to_string(found->second->row.pid) + "/ns/" + kind;
}

/// As Docker has it. Only who lends it has its shared memory where others can come to it.
void ProjectEngine::check_lends_ipc(const Record& record) const {
  const auto other = joined_container(record.spec.ipc_mode);
  if (!other) return;
  const RecordPtr donor = find(*other);
  const std::string& mode = donor->spec.ipc_mode;
  if (mode == "shareable" || mode == "host" || joined_container(mode)) return;
  throw Error(Diagnostic::error("ipc-not-shareable", "container '" + record.row.name +
                                                         "' cannot join the IPC namespace of container '" +
                                                         donor->row.name + "', which does not share it")
                  .with_hint("set 'ipc: shareable' for service '" + donor->row.service + "'")
                  .about("ipc"));
}

container::BundleInputs ProjectEngine::bundle_inputs(const Record& record, const container::OciRuntime& runtime) {
  const engine::ContainerSpec& spec = record.spec;
  container::BundleInputs inputs;
  inputs.id = record.id();
  inputs.console_size = record.terminal_size;
  inputs.layers = layers_of(spec.image);
  inputs.container_dir = paths_.container(record.id());
  inputs.bundle_dir = paths_.bundle(record.id());
  for (const auto& mount : spec.mounts)
    if (mount.kind == engine::Mount::Kind::Volume) inputs.volumes[mount.source] = paths_.volume_data(mount.source);
  inputs.names = name_files(record);
  inputs.cgroups_path = paths_.cgroup(record.id());
  inputs.netns_path = record.network.netns ? network::descriptor_path(record.network.netns.get())
                                           : namespace_path(record, spec.network_mode, "net");
  inputs.pidns_path = namespace_path(record, spec.pid_mode, "pid");
  check_lends_ipc(record);
  inputs.ipcns_path = namespace_path(record, spec.ipc_mode, "ipc");
  if (const auto lender = joined_container(spec.ipc_mode))
    inputs.shm_source = find(*lender)->spec.ipc_mode == "host" ? std::string("/dev/shm")
                                                               : container::shared_memory_dir(paths_.bundle(*lender));
  inputs.filter = runtime.filter_form();
  inputs.cache_dir = paths_.cache();
  if (spec.init) {
    const auto init = process::find_helper("davit-init");
    if (!init) throw Error("cannot find 'davit-init', which 'init: true' needs");
    inputs.init_binary = *init;
  }
  inputs.host = host_;
  return inputs;
}

/// As Docker gives them: who shares the network of a container shares its names, and who has the host's network the
/// host's, but for a hostname and hosts of its own.
container::NameFiles ProjectEngine::name_files(const Record& record) {
  const engine::ContainerSpec& spec = record.spec;
  if (const auto other = joined_container(spec.network_mode)) return name_files(*find(*other));
  const bool on_host = spec.network_mode == "host";
  container::NameFiles names;
  names.hostname = on_host ? host_name() : record.id().str().substr(0, kShortId);
  if (!spec.hostname.empty()) names.hostname = spec.hostname;
  if (on_host && spec.extra_hosts.empty())
    if (auto file = DiskFiles().read("/etc/hosts")) names.hosts_file = *std::move(file);
  names.domainname = spec.domainname;
  std::string own = names.hostname;
  if (!spec.domainname.empty()) own = names.hostname + "." + spec.domainname + " " + names.hostname;
  for (const auto& address : network_.addresses(record)) names.hosts.emplace_back(address.to_string(), own);
  for (const auto& [name, address] : spec.extra_hosts) {
    std::string value = address;
    if (value == "host-gateway") {
      const auto gateway = network_.host_gateway(record);
      value = gateway.value_or("127.0.0.1");
    }
    names.hosts.emplace_back(value, name);
  }
  names.resolv_conf = network_.resolv_conf(spec);
  return names;
}

void ProjectEngine::follow_logs(Record& record, logs::LogPump::Run run, logs::StreamPipes out,
                                std::optional<logs::StreamPipes> err) {
  logs::LogPump::Options options;
  options.folder = paths_.logs(record.id());
  options.state_file = paths_.pump_state(record.id());
  options.rotation = rotation_of(record.spec.logging);
  options.run = run;
  logs::LogPump pump(buffers_, std::move(options), std::move(out), std::move(err));
  record.logs = std::make_shared<logs::PumpDriver>(context_.get_executor(), std::move(pump));
  const std::string name = record.row.name;
  for (const auto stream : {logs::Stream::Stdout, logs::Stream::Stderr}) {
    logs::PumpDriver::Notice notice = [name](const Diagnostic& diagnostic) {
      log_warning("output of '" + name + "': " + diagnostic.message);
    };
    spawn(logs::PumpDriver::follow(record.logs, stream, std::move(notice)));
  }
}

}  // namespace davit::embedded
