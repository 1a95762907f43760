#include "davit/embedded/client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>

#include "davit/async/task_group.hpp"
#include "davit/base/error.hpp"
#include "davit/process/pidfd.hpp"
#include "embedded/connection.hpp"
#include "embedded/event_log.hpp"
#include "embedded/exec.hpp"
#include "embedded/offline.hpp"
#include "embedded/project_lock.hpp"
#include "embedded/protocol.hpp"
#include "embedded/turns.hpp"

namespace davit::embedded {

using namespace std::chrono_literals;

namespace {

/// With it fit "<project>-<hash>" as a cgroup (255 bytes, NAME_MAX) and "davit:<hash>:<project>:" as the alias of a
/// link.
constexpr std::size_t kMaxProjectName = 200;

constexpr auto kEndLimit = 5s;  ///< others may be connected to a project that is over
constexpr int kAttempts = 8;    ///< supervisors that die before they have noted who asks for a turn

std::string container_path(const ContainerId& id, const std::string& action) {
  return "/v1/containers/" + id.str() + (action.empty() ? "" : "/" + action);
}

}  // namespace

struct EmbeddedEngine::Impl {
  Impl(EngineOptions options, Timers& t)
      : paths{options.data_root, options.run_root, checked_name(options.project)},
        timers(t),
        connection(std::move(options), paths, t) {}

  static const std::string& checked_name(const std::string& project) {
    if (project.size() <= kMaxProjectName) return project;
    throw Error(Diagnostic::error("project-name-long",
                                  fmt::format("the project name has {} characters; at most {} fit the names of "
                                              "folders, links and cgroups",
                                              project.size(), kMaxProjectName))
                    .with_hint("give it a shorter one: 'name:' in the Compose file, -p, or COMPOSE_PROJECT_NAME"));
  }

  Task<void> container_act(ContainerId id, std::string action, std::vector<std::pair<std::string, std::string>> query) {
    HttpRequest request{"POST", container_path(id, action), std::move(query)};
    co_await connection.act(std::move(request));
  }

  Task<std::string> ask_exec(ContainerId id, std::string action, const ExecRequest& request);

  static std::vector<std::pair<std::string, std::string>> query_of(const engine::StopRequest& request) {
    if (!request.grace) return {};
    return {{"grace", std::to_string(request.grace->count())}};
  }

  /// The turn of this command.
  struct Held {
    explicit Held(asio::any_io_executor executor) : id(random_id()), changed(executor), group(executor) {}
    std::string id;
    bool begun = false;
    std::exception_ptr failure;  ///< why it does not begin
    Event changed;
    TaskGroup group;
  };

  /// The request that stands for the turn: open as long as it lasts. It outlives supervisors, but not their keeper: a
  /// turn that has begun is over when it breaks, and nothing that is asked for later will be done.
  Task<void> hold(Held& turn, Turn kind) {
    for (int attempt = 0; attempt < kAttempts && !turn.begun; ++attempt) {
      HttpRequest request{"POST", "/v1/turns/" + turn.id, {{"kind", kind == Turn::Lower ? "lower" : "raise"}}};
      (void)co_await connection.hold(std::move(request));
      if (!keeper_is_alive(paths)) co_return;
    }
  }

  Task<void> until_begun(Held& turn, std::function<void(const std::string&)> waits_for) {
    const std::string ahead = co_await ask_turn(turn, "no");
    if (!ahead.empty()) {
      waits_for(ahead);
      (void)co_await ask_turn(turn, "yes");
    }
    turn.begun = true;
    turn.changed.notify();
  }

  /// The work for a turn, its failure being the turn's.
  static Task<void> for_turn(Held& turn, Task<void> work) {
    try {
      co_await std::move(work);
    } catch (...) {
      turn.failure = std::current_exception();
    }
    if (!turn.failure) co_return;
    turn.changed.notify();
    std::rethrow_exception(turn.failure);
  }

  /// The command that is waited for; empty when it is our turn.
  Task<std::string> ask_turn(const Held& turn, const char* wait) {
    HttpRequest request{"GET", "/v1/turns/" + turn.id, {{"wait", wait}}};
    const std::optional<std::string> answer = co_await connection.ask(std::move(request));
    if (!answer) throw Error("the supervisor of project '" + paths.project + "' is gone");
    co_return text_from_json("ahead", *answer);
  }

  /// If the project is empty: until its supervisor has ended with the keeper, or goes on for somebody else.
  Task<void> until_over(std::string turn) {
    HttpRequest end{"POST", "/v1/end"};
    const std::optional<std::string> answer = co_await connection.ask(std::move(end));
    const std::int64_t pid = answer ? number_from_json("keeper", *answer) : 0;
    if (pid == 0) co_return;
    const std::optional<process::PidFd> keeper = process::PidFd::open(static_cast<pid_t>(pid));
    connection.close_idle();  // the supervisor ends when nobody is connected but those who leave
    bool goes_on = false;
    try {
      HttpRequest leave{"POST", "/v1/leave"};
      leave.turn = std::move(turn);
      goes_on = co_await connection.hold(std::move(leave));
    } catch (const Error&) {
      // One that refuses, as a supervisor of an older version does, ends or goes on without a word.
    }
    connection.close_idle();
    if (!goes_on && keeper) co_await keeper->ended();
  }

  Paths paths;
  Timers& timers;
  Connection connection;
  std::unique_ptr<Held> held;
  bool stays = false;  ///< see EmbeddedEngine::stay()
};

EmbeddedEngine::EmbeddedEngine(EngineOptions options, Timers& timers)
    : impl_(std::make_unique<Impl>(std::move(options), timers)) {}

EmbeddedEngine::~EmbeddedEngine() = default;

Task<engine::Observed> EmbeddedEngine::observe() {
  HttpRequest request{"GET", "/v1/observe"};
  const std::optional<std::string> answer = co_await impl_->connection.ask(std::move(request));
  co_return answer ? engine::observed_from_json(*answer) : observe_offline(impl_->paths);
}

Task<std::optional<engine::ObservedNetwork>> EmbeddedEngine::find_network(std::string name) {
  co_return find_network_row(impl_->paths, name);
}

Task<std::optional<engine::ObservedVolume>> EmbeddedEngine::find_volume(std::string name) {
  co_return find_volume_row(impl_->paths, name);
}

Task<void> EmbeddedEngine::create_network(engine::NetworkSpec spec) {
  HttpRequest request{"POST", "/v1/networks", {}, engine::to_json(spec)};
  co_await impl_->connection.act(std::move(request));
}

Task<void> EmbeddedEngine::remove_network(std::string name) {
  HttpRequest request{"DELETE", "/v1/networks", {{"name", std::move(name)}}};
  co_await impl_->connection.act(std::move(request));
}

Task<void> EmbeddedEngine::create_volume(engine::VolumeSpec spec) {
  HttpRequest request{"POST", "/v1/volumes", {}, engine::to_json(spec)};
  co_await impl_->connection.act(std::move(request));
}

Task<void> EmbeddedEngine::remove_volume(std::string name) {
  HttpRequest request{"DELETE", "/v1/volumes", {{"name", std::move(name)}}};
  co_await impl_->connection.act(std::move(request));
}

Task<ContainerId> EmbeddedEngine::create_container(engine::ContainerSpec spec, engine::CreateOptions options) {
  // The id is ours, so that a request that is sent twice makes one container.
  const ContainerId id(random_id());
  HttpRequest request{"POST", container_path(id, "create"), {}, engine::to_json(spec)};
  for (const auto& source : options.volumes_from) {
    const bool read_only = source.access == engine::VolumesFrom::Access::ReadOnly;
    request.query.emplace_back(read_only ? "volumes-read-only" : "volumes", source.container);
  }
  if (options.inherit_volumes_from) request.query.emplace_back("inherit", options.inherit_volumes_from->str());
  co_await impl_->connection.act(std::move(request));
  co_return id;
}

Task<void> EmbeddedEngine::start_container(ContainerId id) {
  return impl_->container_act(std::move(id), "start", {});
}

Task<void> EmbeddedEngine::stop_container(ContainerId id, engine::StopRequest request) {
  return impl_->container_act(std::move(id), "stop", Impl::query_of(request));
}

Task<void> EmbeddedEngine::kill_container(ContainerId id, std::string signal) {
  return impl_->container_act(std::move(id), "kill", {{"signal", std::move(signal)}});
}

Task<void> EmbeddedEngine::restart_container(ContainerId id, engine::StopRequest request) {
  return impl_->container_act(std::move(id), "restart", Impl::query_of(request));
}

Task<void> EmbeddedEngine::pause_container(ContainerId id) {
  return impl_->container_act(std::move(id), "pause", {});
}

Task<void> EmbeddedEngine::unpause_container(ContainerId id) {
  return impl_->container_act(std::move(id), "unpause", {});
}

Task<void> EmbeddedEngine::rename_container(ContainerId id, std::string name) {
  return impl_->container_act(std::move(id), "rename", {{"name", std::move(name)}});
}

Task<void> EmbeddedEngine::remove_container(ContainerId id, engine::WithVolumes volumes) {
  HttpRequest request{"DELETE", container_path(id, "")};
  if (volumes == engine::WithVolumes::Anonymous) request.query.emplace_back("volumes", "anonymous");
  co_await impl_->connection.act(std::move(request));
}

Task<std::vector<engine::Event>> EmbeddedEngine::next_events(std::int64_t since) {
  HttpRequest request{"GET", "/v1/events", {{"since", std::to_string(since)}}};
  if (impl_->stays) request.query.emplace_back("stay", "yes");
  const std::optional<std::string> answer = co_await impl_->connection.ask(std::move(request));
  // Without a supervisor nothing happens any more; what happened before its end may be unread.
  co_return answer ? engine::events_from_json(*answer) : events_offline(impl_->paths, since);
}

void EmbeddedEngine::disconnect() {
  impl_->connection.close_idle();
}

void EmbeddedEngine::stay() {
  impl_->stays = true;
}

Task<std::int64_t> EmbeddedEngine::newest_event() {
  co_return newest_event_offline(impl_->paths);
}

Task<engine::Readiness> EmbeddedEngine::await_ready(ContainerId id, engine::ReadyLimits limits) {
  HttpRequest request{"POST", container_path(id, "ready"), {{"listen", std::to_string(limits.listen.count())}}};
  const std::optional<std::string> answer = co_await impl_->connection.ask(std::move(request));
  if (!answer) co_return engine::Readiness{engine::Readiness::Outcome::Ended, {}};
  co_return engine::readiness_from_json(*answer);
}

Task<void> EmbeddedEngine::ensure_running() {
  HttpRequest request{"GET", "/v1/newest-event"};
  co_await impl_->connection.act(std::move(request));
}

Task<void> EmbeddedEngine::take_turn(Turn kind, std::function<void(const std::string&)> waits_for) {
  co_await ensure_running();
  impl_->held = std::make_unique<Impl::Held>(co_await asio::this_coro::executor);
  Impl::Held& held = *impl_->held;
  held.group.spawn(Impl::for_turn(held, impl_->hold(held, kind)));
  held.group.spawn(Impl::for_turn(held, impl_->until_begun(held, std::move(waits_for))));
  std::exception_ptr failure;
  try {
    while (!held.begun && !held.failure) co_await held.changed.wait();
    failure = held.failure;
  } catch (...) {
    failure = std::current_exception();
  }
  if (!failure) impl_->connection.set_turn(held.id);
  if (!failure) co_return;
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  co_await leave_turn();
  std::rethrow_exception(failure);
}

Task<void> EmbeddedEngine::leave_turn() {
  const std::unique_ptr<Impl::Held> held = std::move(impl_->held);
  if (!held) co_return;
  impl_->connection.set_turn("");
  held->group.cancel();
  try {
    co_await held->group.join();
  } catch (const std::exception&) {
    // Cancelled, as asked; or the supervisor is gone, of which every act tells.
  }
}

bool EmbeddedEngine::has_turn() const {
  return impl_->held != nullptr;
}

Task<void> EmbeddedEngine::until_lowered() {
  HttpRequest request{"GET", "/v1/turns/" + impl_->held->id + "/lowered"};
  const std::optional<std::string> answer = co_await impl_->connection.ask(std::move(request));
  if (!answer) throw turn_lost_error(impl_->paths.project);
  throw lowered_error(impl_->paths.project, text_from_json("lowered_by", *answer));
}

Task<std::string> EmbeddedEngine::Impl::ask_exec(ContainerId id, std::string action, const ExecRequest& request) {
  HttpRequest http{"POST", container_path(id, action), {}, exec_request_to_json(request)};
  if (action == "exec-detached") http.when_broken = WhenBroken::GiveUp;  // nothing would show that it runs
  std::optional<std::string> answer = co_await connection.ask(std::move(http));
  if (!answer) throw Error(Diagnostic::error("not-running", "project '" + paths.project + "' is not running"));
  co_return std::move(*answer);
}

Task<int> EmbeddedEngine::exec(ContainerId id, ExecRequest request) {
  const std::string answer = co_await impl_->ask_exec(std::move(id), "exec", request);
  co_return co_await run_in_keeper(exec_plan_from_json(answer), std::move(request.args));
}

Task<void> EmbeddedEngine::exec_detached(ContainerId id, ExecRequest request) {
  (void)co_await impl_->ask_exec(std::move(id), "exec-detached", request);
}

Task<int> EmbeddedEngine::run_program(ContainerId id, engine::Program program, engine::ProgramOutput output) {
  ExecRequest request{.args = std::move(program.args),
                      .env = {},
                      .working_dir = std::move(program.working_dir),
                      .user = std::move(program.user),
                      .privileged = program.privileged,
                      .console_size = {}};
  for (auto& [name, value] : program.env) {
    if (value) request.env.emplace_back(name, *value);
    if (!value) request.env_removed.push_back(name);
  }
  const std::string answer = co_await impl_->ask_exec(std::move(id), "exec", request);
  co_return co_await run_captured(exec_plan_from_json(answer), std::move(request.args), std::move(output));
}

Task<std::unique_ptr<StdinStream>> EmbeddedEngine::attach_stdin(ContainerId id) {
  HttpRequest request{"POST", container_path(id, "stdin")};
  co_return co_await impl_->connection.attach(std::move(request));
}

Task<void> EmbeddedEngine::resize_terminal(ContainerId id, unsigned columns, unsigned rows) {
  return impl_->container_act(std::move(id), "resize",
                              {{"columns", std::to_string(columns)}, {"rows", std::to_string(rows)}});
}

std::string EmbeddedEngine::log_folder(const ContainerId& id) const {
  return impl_->paths.logs(id);
}

bool EmbeddedEngine::is_alive() const {
  return keeper_is_alive(impl_->paths);
}

Task<void> EmbeddedEngine::close() {
  std::string turn = impl_->held ? impl_->held->id : "";
  co_await leave_turn();
  // Who was never connected leaves nobody.
  if (impl_->connection.was_connected()) {
    Task<void> ending = impl_->until_over(std::move(turn));
    co_await with_timeout(impl_->timers, kEndLimit, std::move(ending));
  }
  impl_->connection.close_idle();
}

}  // namespace davit::embedded
