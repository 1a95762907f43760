#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>

#include "command_words.hpp"
#include "commands.hpp"
#include "davit/async/task_group.hpp"
#include "davit/base/signal_names.hpp"
#include "davit/process/signals.hpp"
#include "execute.hpp"
#include "image_provider.hpp"
#include "one_off_streams.hpp"
#include "project_loading.hpp"
#include "run_options.hpp"
#include "session.hpp"
#include "signal_relay.hpp"
#include "terminal.hpp"

namespace davit::cli {
namespace {

constexpr int kInterrupted = 130;

process::Reaction reaction_of(const engine::Observed& observed, const ContainerId& id, int signal) {
  for (const auto& container : observed.containers)
    if (container.id == id && container.pid > 0)
      return process::reaction_of_init(static_cast<pid_t>(container.pid), signal);
  return process::Reaction::Gone;
}

/// Signals go to the program, as if it had been started here, or end its container.
Task<void> pass_signals(Session& session, ContainerId container, SignalRelay& relay) {
  (void)session.interrupts();  // from now on they are not for this command
  asio::signal_set signals(co_await asio::this_coro::executor, SIGINT, SIGTERM, SIGHUP);
  for (const int other : {SIGQUIT, SIGUSR1, SIGUSR2}) signals.add(other);
  for (;;) {
    const int signal = co_await signals.async_wait(asio::use_awaitable);
    const engine::Observed observed = co_await session.engine().observe();
    const SignalRelay::Act act = relay.on(signal, reaction_of(observed, container, signal));
    try {
      if (act == SignalRelay::Act::Pass)
        co_await session.engine().kill_container(container, signal_name(signal));
      else if (act == SignalRelay::Act::Stop)
        co_await session.engine().stop_container(container, {});
      else
        co_await session.engine().kill_container(container, "SIGKILL");
    } catch (const Error&) {
      // It has ended meanwhile.
    }
  }
}

Task<void> await_end(Session& session, ContainerId container, std::int64_t since, int& code) {
  code = co_await runtime::wait_for_container(session.engine(), container, since);
}

Task<int> attend(Session& session, ContainerId container, RawOutput& output, std::int64_t since,
                 const plan::RunOptions& run) {
  std::optional<RawTerminal> raw;
  if (run.tty) raw.emplace();
  SignalRelay relay;
  std::vector<Task<void>> streams;
  streams.push_back(output.follow());
  if (run.stdin_open) streams.push_back(feed_input(session, container));
  streams.push_back(pass_signals(session, container, relay));
  if (run.tty) streams.push_back(follow_terminal_size(session, container));
  int code = 1;
  Task<void> ending = await_end(session, container, since, code);
  Task<void> attending = run_beside(std::move(ending), std::move(streams));
  co_await std::move(attending);
  output.drain();
  co_return relay.has_forced() ? kInterrupted : code;
}

/// `run --rm` whose container could not be started.
Task<void> remove_by_name(Session& session, const std::string& name) {
  const engine::Observed observed = co_await session.engine().observe();
  for (const auto& container : observed.containers)
    if (container.name == name)
      co_await session.engine().remove_container(container.id, engine::WithVolumes::Anonymous);
}

/// `run --rm` that cannot go on. What led to that is what to tell, not that the container cannot be removed either.
Task<void> remove_whatever_it_does(Session& session, ContainerId container) {
  try {
    co_await session.engine().stop_container(container, {.grace = std::chrono::nanoseconds(0)});
    co_await session.engine().remove_container(container, engine::WithVolumes::Anonymous);
  } catch (const std::exception&) {
    // It stays, and 'down --remove-orphans' finds it.
  }
}

/// The container of this command.
struct OneOff {
  std::string name;
  bool has_terminal = false;
  std::optional<RawOutput> output;  ///< once it is made
};

/// Before the start: nothing it writes is missed, and its terminal has the size of ours from the beginning.
Task<void> prepare(Session& session, runtime::MadeContainer made, OneOff& one_off) {
  if (made.name != one_off.name) co_return;
  one_off.output.emplace(session.engine().log_folder(made.id));
  const auto size = terminal_size();
  if (one_off.has_terminal && size) co_await session.engine().resize_terminal(made.id, size->first, size->second);
}

Task<runtime::Execution> start(Session& session, const model::Project& project, const plan::Plan& plan,
                               StoreImages& images, bool remove, OneOff& one_off) {
  std::exception_ptr failure;
  try {
    ExecuteSettings settings{.title = "run", .images = &images, .wait_timeout = {}};
    settings.made = [&](runtime::MadeContainer made) { return prepare(session, std::move(made), one_off); };
    co_return co_await execute_plan(session, project, plan, std::move(settings));
  } catch (...) {
    failure = std::current_exception();
  }
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  if (remove) co_await remove_by_name(session, one_off.name);
  std::rethrow_exception(failure);
}

Task<int> run(Session& session, model::Project project, RunFlags flags) {
  const Context& context = session.context();
  image::ImageStore store = image::ImageStore::open(context.data_root());
  StoreImages images(context, store,
                     {.output = flags.up.quiet_build ? BuildOutput::Silent : build_output(context), .build_args = {}});
  plan::RunOptions run = run_options(context, flags, project);
  run.up.images = local_images(store, project);
  const engine::Observed observed = co_await runtime::observe(session.engine(), project);
  const plan::Plan plan = checked(context, plan::make_run_plan(project, observed, run));
  if (context.global.dry_run) {
    print_plan(plan);
    co_return 0;
  }
  OneOff one_off{.name = plan::one_off_name(project, run), .has_terminal = run.tty, .output = {}};
  const runtime::Execution execution = co_await start(session, project, plan, images, flags.remove, one_off);
  const auto made = execution.containers.find(one_off.name);
  if (made == execution.containers.end() || !one_off.output)
    throw Error("the container '" + one_off.name + "' was not made");
  if (flags.up.detach) {
    std::printf("%s\n", made->second.str().c_str());
    co_return 0;
  }
  int code = 1;
  std::exception_ptr failure;
  try {
    code = co_await attend(session, made->second, *one_off.output, execution.first_event, run);
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) {
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    if (flags.remove) co_await remove_whatever_it_does(session, made->second);
    std::rethrow_exception(failure);
  }
  if (flags.remove) co_await session.engine().remove_container(made->second, engine::WithVolumes::Anonymous);
  co_return code;
}

}  // namespace

void add_run(Commands& commands) {
  auto options = std::make_shared<RunFlags>();
  CLI::App* command = commands.add(
      "run",
      {.summary = "run a one-off command on a service",
       .synopsis = "[OPTIONS] SERVICE [COMMAND] [ARG...]",
       .description =
           "Starts what the service depends on, then runs one container of it with the command given,\n"
           "attached to this terminal. Its ports are not published unless asked for, and it is not\n"
           "restarted. Everything after SERVICE belongs to the command. Signals are passed on to it; a second one\n"
           "that asks for its end (Ctrl-C, SIGTERM) kills it.",
       .examples = "davit run --rm api python manage.py migrate\necho 'select 1' | davit run --rm -T db psql",
       .exit_status = "That of the command; 1 if it could not be run; 130 if a signal to davit ended it.",
       .dry_run = DryRun::Shown});
  command->prefix_command();
  add_run_flags(command, *options);
  commands.on(command, [options, command](Context& context) {
    RunFlags given = *options;
    given.command = trailing_words(*command);
    if (given.command.empty())
      throw Error(Diagnostic::error("usage", "run needs a service").with_hint("davit run SERVICE [COMMAND] [ARG...]"));
    given.service = given.command.front();
    given.command.erase(given.command.begin());
    if (given.quiet) context.global.progress = "quiet";
    model::Project project = load_project(
        context, {given.service}, given.up.no_deps ? compose::Dependencies::Ignore : compose::Dependencies::Include);
    Session session(context, project.name, "davit run");
    return session.run(run(session, std::move(project), std::move(given)));
  });
}

}  // namespace davit::cli
