#include <algorithm>
#include <cstdio>
#include <random>

#include "commands.hpp"
#include "davit/async/task_group.hpp"
#include "execute.hpp"
#include "image_provider.hpp"
#include "one_off_streams.hpp"
#include "project_loading.hpp"
#include "session.hpp"
#include "terminal.hpp"
#include "up_options.hpp"

namespace davit::cli {
namespace {

struct Options {
  UpFlags up;
  std::string service;
  std::vector<std::string> command;
  std::vector<std::string> environment;
  std::vector<std::string> labels;
  std::vector<std::string> cap_add;
  std::vector<std::string> cap_drop;
  std::string entrypoint;
  bool has_entrypoint = false;
  std::string name;
  std::string user;
  std::string working_dir;
  bool remove = false;
  bool service_ports = false;
  bool use_aliases = false;
  bool no_tty = false;
  bool ignored = false;
};

std::string random_slug() {
  std::random_device random;
  std::string slug;
  while (slug.size() < 12) slug += "0123456789abcdef"[random() % 16];
  return slug;
}

std::map<std::string, std::string> labels_of(const std::vector<std::string>& words) {
  std::map<std::string, std::string> labels;
  for (const auto& word : words) {
    const auto equals = word.find('=');
    labels.insert_or_assign(word.substr(0, equals), equals == std::string::npos ? "" : word.substr(equals + 1));
  }
  return labels;
}

std::map<std::string, std::optional<std::string>> environment_of(const Context& context,
                                                                 const std::vector<std::string>& words) {
  std::map<std::string, std::optional<std::string>> environment;
  for (const auto& word : words) {
    const auto equals = word.find('=');
    if (equals == std::string::npos)
      environment.insert_or_assign(word, context.env(word));
    else
      environment.insert_or_assign(word.substr(0, equals), word.substr(equals + 1));
  }
  return environment;
}

plan::RunOptions plan_run(const Context& context, const Options& options) {
  plan::RunOptions run;
  run.up = plan_options(options.up).value();
  run.service = options.service;
  run.slug = random_slug();
  run.name = options.name;
  run.aliases = options.use_aliases ? plan::OneOff::Aliases::OfService : plan::OneOff::Aliases::None;
  // Attached, the container is removed here, after its last output was read; detached, the engine does it.
  if (options.remove && options.up.detach) run.remove = plan::OneOff::Remove::WhenExited;
  if (options.service_ports) run.service_ports = plan::RunOptions::ServicePorts::Publish;
  if (!options.command.empty()) run.command = options.command;
  if (options.has_entrypoint) run.entrypoint = std::vector<std::string>{options.entrypoint};
  run.environment = environment_of(context, options.environment);
  run.labels = labels_of(options.labels);
  run.cap_add = options.cap_add;
  run.cap_drop = options.cap_drop;
  run.user = options.user;
  run.working_dir = options.working_dir;
  run.tty = !options.no_tty && !options.up.detach && context.stdin_is_terminal && context.stdout_is_terminal;
  return run;
}

/// A signal asks the container to stop, a second one kills it.
Task<void> pass_signals(Session& session, ContainerId container) {
  runtime::Interrupts& interrupts = session.interrupts();
  co_await interrupts.next();
  co_await session.engine().stop_container(container, {});
  co_await interrupts.next();
  co_await session.engine().kill_container(container, "SIGKILL");
}

Task<int> attend(Session& session, ContainerId container, std::int64_t since, bool tty) {
  RawOutput output(session.engine().log_folder(container));
  std::optional<RawTerminal> raw;
  if (tty) raw.emplace();
  TaskGroup streams(co_await asio::this_coro::executor);
  streams.spawn(output.follow());
  streams.spawn(feed_input(session, container));
  streams.spawn(pass_signals(session, container));
  if (tty) streams.spawn(follow_terminal_size(session, container));
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

Task<int> run(Session& session, model::Project project, Options options) {
  const Context& context = session.context();
  image::ImageStore store = image::ImageStore::open(context.data_root());
  StoreImages images(context, store, {.output = options.up.quiet_build ? BuildOutput::Silent : build_output(context), .build_args = {}});
  plan::RunOptions run = plan_run(context, options);
  run.up.images = local_images(store, project);
  const engine::Observed observed = co_await runtime::observe(session.engine(), project);
  const plan::Plan plan = checked(context, plan::make_run_plan(project, observed, run));
  if (context.global.dry_run) {
    print_plan(plan);
    co_return 0;
  }
  ExecuteSettings settings{.title = "run", .images = &images, .wait_timeout = {}};
  const runtime::Execution execution = co_await execute_plan(session, project, plan, std::move(settings));
  const std::string name = run.name.empty() ? project.name + "-" + run.service + "-run-" + run.slug : run.name;
  const auto made = execution.containers.find(name);
  if (made == execution.containers.end()) throw Error("the container '" + name + "' was not made");
  if (options.up.detach) {
    std::printf("%s\n", name.c_str());
    co_return 0;
  }
  const int code = co_await attend(session, made->second, execution.first_event, run.tty);
  if (options.remove) co_await session.engine().remove_container(made->second, engine::WithVolumes::Anonymous);
  co_return code;
}

void add_run_flags(CLI::App* command, Options& options) {
  const auto list = [&](const char* name, std::vector<std::string>& to, const char* type, const char* text) {
    command->add_option(name, to, text)->allow_extra_args(false)->type_name(type);
  };
  add_create_flags(command, options.up);
  list("--cap-add", options.cap_add, "CAPABILITY", "add a capability; repeat");
  list("--cap-drop", options.cap_drop, "CAPABILITY", "drop a capability; repeat");
  command->add_flag("-d,--detach", options.up.detach, "leave it running in the background and print its name");
  command->add_option("--entrypoint", options.entrypoint, "program to run in place of the image's")->type_name("PROGRAM");
  list("-e,--env", options.environment, "KEY=VALUE", "set an environment variable; repeat");
  list("-l,--label", options.labels, "KEY=VALUE", "add a label; repeat");
  command->add_option("--name", options.name, "name of the container")->type_name("NAME");
  command->add_flag("--no-deps", options.up.no_deps, "do not start what the service depends on");
  command->add_flag("-T,--no-tty,--no-TTY", options.no_tty, "no terminal, even if there is one");
  command->add_flag("--rm", options.remove, "remove the container when it has ended");
  command->add_flag("-P,--service-ports", options.service_ports, "publish the service's ports");
  command->add_flag("--use-aliases", options.use_aliases, "answer to the service's names on its networks");
  command->add_option("-u,--user", options.user, "user, and group after a colon")->type_name("USER");
  command->add_option("-w,--workdir", options.working_dir, "folder in the container")->type_name("DIR");
  command->add_flag("-i,--interactive,-q,--quiet", options.ignored)->group("");
}

}  // namespace

void add_run(Commands& commands) {
  auto options = std::make_shared<Options>();
  CLI::App* command = commands.add(
      "run", {.summary = "run a one-off command on a service",
              .synopsis = "[OPTIONS] SERVICE [COMMAND] [ARG...]",
              .description = "Starts what the service depends on, then runs one container of it with the command given,\n"
                             "attached to this terminal. Its ports are not published unless asked for, and it is not\n"
                             "restarted. Everything after SERVICE belongs to the command.",
              .examples = "davit run --rm api python manage.py migrate\necho 'select 1' | davit run --rm -T db psql",
              .exit_status = "That of the command; 1 if it could not be run.", .dry_run = DryRun::Shown});
  command->prefix_command();
  add_run_flags(command, *options);
  CLI::App* const raw = command;
  commands.on(command, [options, raw](Context& context) {
    Options given = *options;
    given.has_entrypoint = raw->count("--entrypoint") > 0;
    given.command = raw->remaining();
    if (given.command.empty())
      throw Error(Diagnostic::error("usage", "run needs a service").with_hint("davit run SERVICE [COMMAND] [ARG...]"));
    given.service = given.command.front();
    given.command.erase(given.command.begin());
    model::Project project = load_project(context, {given.service}, given.up.no_deps ? compose::Dependencies::Ignore
                                                                                     : compose::Dependencies::Include);
    Session session(context, project.name, "davit run");
    return session.run(run(session, std::move(project), std::move(given)));
  });
}

}  // namespace davit::cli
