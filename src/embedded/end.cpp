// How runs end: by themselves, by request, and what follows.

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>

#include "davit/base/error.hpp"
#include "davit/base/signal_names.hpp"
#include "davit/base/units.hpp"
#include "davit/container/exec_check.hpp"
#include "davit/process/signals.hpp"
#include "embedded/log.hpp"
#include "embedded/project_engine.hpp"

namespace davit::embedded {
namespace {

using namespace std::chrono_literals;

constexpr auto kKillLimit = 15s;  ///< for the kernel to end what got SIGKILL

int signal_of(const std::string& name) {
  const auto signal = parse_signal(name);
  if (!signal) throw Error("unknown signal '" + name + "'");
  return *signal;
}

/// One that is no signal was in an image: the container must end all the same.
int stop_signal(const engine::ContainerSpec& spec) {
  return parse_signal(spec.stop_signal).value_or(SIGTERM);
}

int exit_code_of(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/// PATH as the program would have it.
std::string path_variable(const Record& record, const ExecRequest& request) {
  for (const auto* variables : {&request.env, &record.spec.env})
    for (const auto& [name, value] : *variables)
      if (name == "PATH") return value;
  return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

/// Processes of another PID namespace outlive PID 1 of the container.
bool outlives_init(const engine::ContainerSpec& spec) {
  return !spec.pid_mode.empty() && spec.pid_mode != "private";
}

class DescriptorSink final : public InputSink {
 public:
  DescriptorSink(asio::io_context& context, Fd fd, std::function<void()> closed)
      : descriptor_(context, fd.release()), closed_(std::move(closed)) {}

  Task<void> write(std::string bytes) override {
    co_await asio::async_write(descriptor_, asio::buffer(bytes), asio::use_awaitable);
  }
  void close() override {
    boost::system::error_code ignored;
    descriptor_.close(ignored);
    closed_();
  }

 private:
  asio::posix::stream_descriptor descriptor_;
  std::function<void()> closed_;
};

}  // namespace

void ProjectEngine::process_exited(const ProcessExit& exit) {
  for (const auto& [id, record] : records_) {
    if (record->row.pid != exit.pid || record->phase != Record::Phase::Up) continue;
    record->phase = Record::Phase::Ending;
    spawn(ended(record, exit));
    return;
  }
  // A container that ends while its runtime is still about to report the pid; or a stranger, whom nobody will claim.
  unclaimed_[exit.pid] = exit;
  forget_strangers();
}

/// When no runtime is about to report a pid, nobody will claim what is left; and the number may come again.
void ProjectEngine::forget_strangers() {
  if (launching_ > 0) return;
  for (const auto& [pid, stranger] : unclaimed_) keeper_.forget(pid);
  unclaimed_.clear();
}

/// One step of several. What goes wrong with it is said, and keeps no other step from being done: a container whose end
/// stops half way would stay "Up" for ever, and one whose probing stops would keep its health.
void ProjectEngine::attempt(const Record& record, const std::function<void()>& step) {
  try {
    step();
  } catch (const std::exception& error) {
    not_cleared(record, error);
  }
}

Task<void> ProjectEngine::ended(RecordPtr record, ProcessExit exit) {
  state::Container& row = record->row;
  const auto ran_for = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::nanoseconds(std::max<std::int64_t>(0, exit.time - row.started)));
  const std::string group = paths_.cgroup(row.id);
  attempt(*record, [&] { stop_health(*record); });
  if (outlives_init(record->spec)) attempt(*record, [&] { cgroups_.kill(group); });
  if (record->logs) attempt(*record, [&] { record->logs->finish(); });
  row.oom_killed = false;
  attempt(*record, [&] { row.oom_killed = cgroups_.oom_kills(group).value_or(0) > 0; });
  row.exit_code = exit_code_of(exit.status);
  row.finished = exit.time;
  row.pid = 0;
  const auto asked =
      row.stop_requested ? schedule::RestartPolicy::StopRequest::ByUser : schedule::RestartPolicy::StopRequest::None;
  const schedule::RestartPolicy::Action action = record->policy.container_exited(*row.exit_code, ran_for, asked);
  const auto* const again = std::get_if<schedule::RestartPolicy::StartAgain>(&action);
  row.state = again != nullptr ? state::ContainerState::Restarting : state::ContainerState::Exited;
  std::map<std::string, std::string> attributes{{"exitCode", std::to_string(*row.exit_code)}};
  if (again != nullptr) attributes["restarting"] = "true";
  if (const auto* stay = std::get_if<schedule::RestartPolicy::StayDown>(&action)) attributes["restart"] = stay->cause;
  Cause cause = WIFSIGNALED(exit.status) ? "signal " + signal_name(WTERMSIG(exit.status)) : "process exited";
  // The end goes on when it cannot be written: a container that is never cleared up would keep its ports, and its
  // restart policy from acting.
  if (row.oom_killed) write_or_keep(*record, {"oom", {}, "the memory limit"});
  const std::optional<std::int64_t> event = write_or_keep(*record, {"die", std::move(attributes), cause, exit.pid});
  attempt(*record, [&] { network_.announce(); });
  record->changed.notify();

  const auto leases = again != nullptr ? NetworkHost::Leases::Keep : NetworkHost::Leases::Release;
  co_await clear_run(record, leases);
  record->phase = Record::Phase::Idle;
  if (event) cause = state::cause_event(*event);
  if (again != nullptr) {
    spawn(restart_later(record, again->after, record->run, cause));
  } else if (record->spec.auto_remove) {
    spawn(remove_ended(record, cause));
  }
  changed(*record);
}

Task<void> ProjectEngine::remove_ended(RecordPtr record, Cause cause) {
  Gate::Pass pass = co_await record->busy.enter();
  if (record->removed || record->is_running()) co_return;
  co_await remove(record, engine::WithVolumes::Anonymous, cause);
}

Task<void> ProjectEngine::clear_run(RecordPtr record, NetworkHost::Leases leases) {
  const Counted busy(busy_);
  if (record->logs) attempt(*record, [&] { record->logs->finish(); });
  record->logs.reset();
  attempt(*record, [&] { stop_health(*record); });
  record->health.reset();
  record->process.reset();
  record->stdin_end.reset();
  record->terminal.reset();
  // Side by side, because each waits for the kernel; and each is tried, whatever becomes of the others.
  TaskGroup group(context_.get_executor());
  group.spawn(clear_network(record, leases));
  group.spawn(clear_runtime(record));
  group.spawn(clear_bundle(record));
  co_await group.join();
  try {
    keeper_.drop_all(record->run_prefix());
    // The next start may bind the same ports. In recovery nobody hears the keeper's answer yet: who recovers asks at
    // the end.
    if (!record->spec.ports.empty() && !recovering_) co_await keeper_.settled();
  } catch (const Error& error) {
    not_cleared(*record, error);  // the keeper is gone; a new one begins with nothing
  }
}

/// What cannot be undone now is said, and found by the next `down`.
void ProjectEngine::not_cleared(const Record& record, const std::exception& error) {
  log_warning("container '" + record.row.name + "': " + error.what());
}

Task<void> ProjectEngine::clear_network(RecordPtr record, NetworkHost::Leases leases) {
  try {
    co_await network_.disconnect(record, leases);
  } catch (const std::exception& error) {
    not_cleared(*record, error);
  }
}

Task<void> ProjectEngine::clear_runtime(RecordPtr record) {
  try {
    container::OciRuntime* const runtime = co_await runtime_for(record->spec.runtime);
    const ContainerId id = record->id();
    co_await runtime->remove(id);
  } catch (const std::exception& error) {
    not_cleared(*record, error);
  }
}

Task<void> ProjectEngine::clear_bundle(RecordPtr record) {
  try {
    const std::string bundle = paths_.bundle(record->id());
    const std::string pump_state = paths_.pump_state(record->id());
    std::function<void()> work = [bundle, pump_state] {
      container::remove_bundle(bundle);
      ::unlink(pump_state.c_str());
    };
    co_await pool_.run(std::move(work));
  } catch (const std::exception& error) {
    not_cleared(*record, error);
  }
}

Task<void> ProjectEngine::restart_later(RecordPtr record, std::chrono::milliseconds after, std::uint64_t run,
                                        Cause cause) {
  co_await timers_.sleep_for(after);
  Gate::Pass pass = co_await record->busy.enter();
  if (record->removed || record->run != run || record->row.state != state::ContainerState::Restarting) co_return;
  record->row.restart_count = record->policy.restarts();
  co_await start(record, Starter::RestartPolicy, std::move(cause));
}

Task<void> ProjectEngine::until_idle(RecordPtr record) {
  while (record->phase != Record::Phase::Idle) {
    if (record->phase == Record::Phase::Up) co_return;
    co_await record->changed.wait();
  }
}

Task<void> ProjectEngine::until_ended(RecordPtr record) {
  while (record->phase != Record::Phase::Idle) co_await record->changed.wait();
}

void ProjectEngine::send(Record& record, int signal) {
  if (record.process) (void)record.process->send(signal);  // gone is what was asked for
}

Task<void> ProjectEngine::stop_container(ContainerId id, engine::StopRequest request, Cause cause) {
  const RecordPtr record = find(id);
  Gate::Pass pass = co_await record->busy.enter();
  if (record->removed) co_return;
  co_await stop(record, request, std::move(cause));
}

Task<void> ProjectEngine::stop(RecordPtr record, engine::StopRequest request, Cause cause) {
  co_await until_idle(record);
  if (record->row.state == state::ContainerState::Restarting) {
    co_await cancel_restart(record, std::move(cause));
    co_return;
  }
  if (!record->is_running()) co_return;
  const Counted busy(busy_);
  const int signal = stop_signal(record->spec);
  const auto pid = static_cast<pid_t>(record->row.pid);
  const bool dropped = !outlives_init(record->spec) && signal != SIGKILL && !record->spec.full_stop_grace &&
                       process::reaction_of_init(pid, signal) == process::Reaction::Drops;
  record->row.stop_requested = true;
  std::map<std::string, std::string> attributes{{"signal", std::to_string(dropped ? SIGKILL : signal)}};
  if (dropped) attributes["reason"] = "process 1 has no handler for " + signal_name(signal) + ": waiting cannot help";
  write_or_keep(*record, {"kill", std::move(attributes), cause});
  send(*record, dropped ? SIGKILL : signal);
  thaw(*record);
  const std::chrono::nanoseconds grace = request.grace.value_or(record->spec.stop_grace_period);
  if (!dropped && signal != SIGKILL) {
    spawn(wake_su(record, signal));
    Task<void> ending = until_ended(record);
    if (grace < 0ns) {
      co_await std::move(ending);
    } else {
      const TimedOut timed_out = co_await with_timeout(timers_, grace, std::move(ending));
      if (timed_out == TimedOut::Yes && record->phase == Record::Phase::Up) {
        write_or_keep(*record, {"kill",
                                {{"signal", std::to_string(SIGKILL)},
                                 {"reason", "grace period of " + format_duration(grace) + " is over"}},
                                cause});
        send(*record, SIGKILL);
      }
    }
  }
  co_await until_killed(record);
  write_or_keep(*record, {"stop", {}, cause});
}

/// For one that waits to be started again: it has ended, and now for good.
Task<void> ProjectEngine::cancel_restart(RecordPtr record, Cause cause) {
  ++record->run;
  record->row.state = state::ContainerState::Exited;
  record->row.stop_requested = true;
  co_await clear_network(record, NetworkHost::Leases::Release);  // kept for the run that will not be
  // Its end was told as one that is not for good.
  write_or_keep(*record, {"stop", {{"exitCode", std::to_string(record->row.exit_code.value_or(0))}}, std::move(cause)});
  changed(*record);
}

void ProjectEngine::thaw(Record& record) {
  if (record.row.state == state::ContainerState::Paused)
    cgroups_.freeze(paths_.cgroup(record.id()), container::Cgroups::Frozen::No);
}

Task<void> ProjectEngine::until_killed(RecordPtr record) {
  Task<void> ending = until_ended(record);
  const TimedOut timed_out = co_await with_timeout(timers_, kKillLimit, std::move(ending));
  if (timed_out == TimedOut::Yes && record->phase != Record::Phase::Idle)
    throw Error("container '" + record->row.name + "' did not end within " + format_duration(kKillLimit) +
                " of SIGKILL: a process of it is stuck in the kernel");
}

Task<void> ProjectEngine::kill_container(ContainerId id, std::string signal, Cause cause) {
  RecordPtr record = find(id);
  const int number = signal_of(signal.empty() ? "SIGKILL" : signal);
  if (record->row.state == state::ContainerState::Restarting) {
    Gate::Pass pass = co_await record->busy.enter();
    co_await until_idle(record);
    if (record->row.state == state::ContainerState::Restarting) {
      // There is no process. As with Docker, any signal says that there shall be none.
      write_or_keep(*record, {"kill", {{"signal", std::to_string(number)}}, cause});
      co_await cancel_restart(record, cause);
      co_return;
    }
  }
  record = running(id);
  if (number == SIGKILL || number == stop_signal(record->spec)) record->row.stop_requested = true;
  write_or_keep(*record, {"kill", {{"signal", std::to_string(number)}}, cause});
  send(*record, number);
  if (number != SIGKILL) co_return;
  thaw(*record);
  co_await until_killed(record);
}

Task<void> ProjectEngine::restart_container(ContainerId id, engine::StopRequest request, Cause cause) {
  const RecordPtr record = find(id);
  Gate::Pass pass = co_await record->busy.enter();
  if (record->removed) throw Error("container '" + record->row.name + "' has been removed");
  co_await stop(record, request, cause);
  record->policy.started_by_user();
  record->row.restart_count = 0;
  co_await start(record, Starter::Request, cause);
  write(*record, "restart", {}, cause);
}

Task<void> ProjectEngine::pause_container(ContainerId id, Cause cause) {
  const RecordPtr record = running(id);
  Gate::Pass pass = co_await record->busy.enter();
  if (record->row.state == state::ContainerState::Paused) co_return;
  if (record->phase != Record::Phase::Up) throw Error("container '" + record->row.name + "' is not running");
  cgroups_.freeze(paths_.cgroup(id), container::Cgroups::Frozen::Yes);
  record->row.state = state::ContainerState::Paused;
  write(*record, "pause", {}, cause);
  health_event(*record, health::Paused{});
  changed(*record);
}

Task<void> ProjectEngine::unpause_container(ContainerId id, Cause cause) {
  const RecordPtr record = running(id);
  Gate::Pass pass = co_await record->busy.enter();
  if (record->row.state != state::ContainerState::Paused)
    throw Error("container '" + record->row.name + "' is not paused");
  cgroups_.freeze(paths_.cgroup(id), container::Cgroups::Frozen::No);
  record->row.state = state::ContainerState::Running;
  write(*record, "unpause", {}, cause);
  health_event(*record, health::Unpaused{});
  changed(*record);
}

std::unique_ptr<InputSink> ProjectEngine::attach_stdin(const ContainerId& id) {
  const RecordPtr record = running(id);
  const bool tty = static_cast<bool>(record->terminal);
  const int source = tty ? record->terminal.get() : record->stdin_end.get();
  if (source < 0) throw Error("container '" + record->row.name + "' has no open stdin");
  Fd copy(::fcntl(source, F_DUPFD_CLOEXEC, 3));
  if (!copy) throw_system_error("duplicate", "a stdin", errno);
  const std::uint64_t run = record->run;
  // A terminal stays open: its program sees the end of input as a character, not as a closed pipe.
  std::function<void()> closed = [this, record, run, tty] {
    if (tty || record->run != run) return;
    record->stdin_end.reset();
    keeper_.drop(record->run_prefix() + "stdin");
  };
  return std::make_unique<DescriptorSink>(context_, std::move(copy), std::move(closed));
}

void ProjectEngine::resize_terminal(const ContainerId& id, unsigned columns, unsigned rows) {
  const RecordPtr record = find(id);
  if (!record->spec.tty) throw Error("container '" + record->row.name + "' has no terminal");
  record->terminal_size = {columns, rows};
  if (!record->terminal) return;
  winsize size{};
  size.ws_col = static_cast<unsigned short>(columns);
  size.ws_row = static_cast<unsigned short>(rows);
  if (::ioctl(record->terminal.get(), TIOCSWINSZ, &size) != 0)
    throw_system_error("resize the terminal of", record->row.name, errno);
}

container::ExecOptions ProjectEngine::exec_options(const Record& record, ExecRequest request) const {
  container::ExecOptions options;
  options.args = std::move(request.args);
  options.env = std::move(request.env);
  options.env_removed = std::move(request.env_removed);
  options.working_dir = request.working_dir;
  options.tty = request.tty;
  if (request.privileged) options.capabilities = container::available_capabilities(host_);
  options.console_size = request.console_size;
  if (!request.user.empty())
    options.user = container::resolve_user(request.user, {}, container::read_user_files(rootfs_of(record)));
  return options;
}

/// A mistake that can be seen is said here, in our words alone.
void ProjectEngine::check_exec(const Record& record, const ExecRequest& request) {
  std::string folder = request.working_dir;
  if (folder.empty())
    folder = record.spec.working_dir.starts_with('/') ? record.spec.working_dir : "/" + record.spec.working_dir;
  const auto mistake =
      container::exec_mistake(rootfs_of(record), {request.args, std::move(folder), path_variable(record, request)});
  if (mistake) throw Error(*mistake);
}

Task<ExecPlan> ProjectEngine::plan_exec(ContainerId id, ExecRequest request) {
  const RecordPtr record = running(id);
  check_exec(*record, request);
  container::OciRuntime* const runtime = co_await runtime_for(record->spec.runtime);
  const container::ExecOptions options = exec_options(*record, std::move(request));
  const container::OciRuntime::Command command = runtime->exec_command(id, paths_.bundle(id), options);
  co_return ExecPlan{command.argv,     command.process_file, command.log_file,
                     command.pid_file, ::getppid(),          command.cgroup};
}

Task<void> ProjectEngine::exec_detached(ContainerId id, ExecRequest request) {
  const RecordPtr record = running(id);
  check_exec(*record, request);
  container::OciRuntime* const runtime = co_await runtime_for(record->spec.runtime);
  container::ExecOptions options = exec_options(*record, std::move(request));
  std::string bundle = paths_.bundle(id);
  co_await runtime->exec_detached(std::move(id), std::move(bundle), std::move(options));
}

/// The container's own view of its root file system: right also for what it has mounted since.
std::string ProjectEngine::rootfs_of(const Record& record) {
  return "/proc/" + std::to_string(record.row.pid) + "/root";
}

}  // namespace davit::embedded
