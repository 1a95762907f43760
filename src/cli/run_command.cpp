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
#include "terminal.hpp"

namespace davit::cli {
namespace {

bool would_drop(const engine::Observed& observed, const ContainerId& id, int signal) {
  for (const auto& container : observed.containers)
    if (container.id == id && container.pid > 0)
      return process::reaction_of_init(static_cast<pid_t>(container.pid), signal) == process::Reaction::Drops;
  return false;
}

/// Signals go to the program, as if it had been started here. One that would be lost on it (the kernel drops what the
/// first process of a container does not handle) stops the container, and the same once more kills it.
Task<void> pass_signals(Session& session, ContainerId container) {
  (void)session.interrupts();  // from now on they are not for this command
  asio::signal_set signals(co_await asio::this_coro::executor, SIGINT, SIGTERM, SIGHUP);
  for (const int other : {SIGQUIT, SIGUSR1, SIGUSR2}) signals.add(other);
  for (bool stopping = false;;) {
    const int signal = co_await signals.async_wait(asio::use_awaitable);
    const engine::Observed observed = co_await session.engine().observe();
    const bool ends = signal != SIGUSR1 && signal != SIGUSR2;
    try {
      if (ends && stopping) {
        co_await session.engine().kill_container(container, "SIGKILL");
      } else if (ends && would_drop(observed, container, signal)) {
        stopping = true;
        co_await session.engine().stop_container(container, {});
      } else {
        co_await session.engine().kill_container(container, signal_name(signal));
      }
    } catch (const Error&) {
      // It has ended meanwhile.
    }
  }
}

Task<int> attend(Session& session, ContainerId container, RawOutput& output, std::int64_t since,
                 const plan::RunOptions& run) {
  std::optional<RawTerminal> raw;
  if (run.tty) raw.emplace();
  TaskGroup streams(co_await asio::this_coro::executor);
  streams.spawn(output.follow());
  if (run.stdin_open) streams.spawn(feed_input(session, container));
  streams.spawn(pass_signals(session, container));
  if (run.tty) streams.spawn(follow_terminal_size(session, container));
  const int code = co_await runtime::wait_for_container(session.engine(), container, since);
  streams.cancel();
  try {
    co_await streams.join();
  } catch (const boost::system::system_error&) {
    // Cancelled, as asked.
  }
  output.drain();
  co_return code;
}

/// `run --rm` whose container could not be started.
Task<void> remove_by_name(Session& session, const std::string& name) {
  const engine::Observed observed = co_await session.engine().observe();
  for (const auto& container : observed.containers)
    if (container.name == name)
      co_await session.engine().remove_container(container.id, engine::WithVolumes::Anonymous);
}

Task<runtime::Execution> start(Session& session, const model::Project& project, const plan::Plan& plan,
                               StoreImages& images, bool remove, const std::string& name,
                               std::optional<RawOutput>& output) {
  std::exception_ptr failure;
  try {
    ExecuteSettings settings{.title = "run", .images = &images, .wait_timeout = {}};
    settings.made = [&](const runtime::MadeContainer& made) {
      if (made.name == name) output.emplace(session.engine().log_folder(made.id));
    };
    co_return co_await execute_plan(session, project, plan, std::move(settings));
  } catch (const Error&) {
    failure = std::current_exception();
  }
  if (remove) co_await remove_by_name(session, name);
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
  const std::string name = plan::one_off_name(project, run);
  std::optional<RawOutput> output;
  const runtime::Execution execution = co_await start(session, project, plan, images, flags.remove, name, output);
  const auto made = execution.containers.find(name);
  if (made == execution.containers.end() || !output) throw Error("the container '" + name + "' was not made");
  if (flags.up.detach) {
    std::printf("%s\n", made->second.str().c_str());
    co_return 0;
  }
  const int code = co_await attend(session, made->second, *output, execution.first_event, run);
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
       .description = "Starts what the service depends on, then runs one container of it with the command given,\n"
                      "attached to this terminal. Its ports are not published unless asked for, and it is not\n"
                      "restarted. Everything after SERVICE belongs to the command.",
       .examples = "davit run --rm api python manage.py migrate\necho 'select 1' | davit run --rm -T db psql",
       .exit_status = "That of the command; 1 if it could not be run.",
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
