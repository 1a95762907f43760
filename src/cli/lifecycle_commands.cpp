// start, stop, restart, kill, rm, pause, unpause: commands that act on containers which are there already. They differ
// in their flags and in the plan they ask for.
#include "command_words.hpp"
#include "commands.hpp"
#include "davit/base/error.hpp"
#include "durations.hpp"
#include "execute.hpp"
#include "option_values.hpp"
#include "project_loading.hpp"
#include "session.hpp"
#include "terminal.hpp"

namespace davit::cli {
namespace {

using Planner = Result<plan::Plan, Diagnostics> (*)(const model::Project&, const engine::Observed&,
                                                    const plan::ContainerOptions&);

struct Verb {
  const char* name;
  Planner plan;
  const char* nothing;  ///< what is said when no container is concerned; null: nothing
};

struct Options {
  plan::ContainerOptions plan;
  int timeout = -1;
  int wait_timeout = -1;
  bool no_deps = false;
  bool force = false;
  bool stop = false;
  bool volumes = false;
  bool wait = false;
  bool orphans = false;
};

plan::ContainerOptions plan_options(const Lookup& variable, const Options& options) {
  plan::ContainerOptions out = options.plan;
  if (options.orphans || is_yes(variable("COMPOSE_REMOVE_ORPHANS"))) out.orphans = plan::Orphans::Remove;
  out.grace = grace_period(options.timeout);
  if (options.no_deps) out.dependencies = plan::Dependencies::Without;
  if (options.stop) out.stop = plan::ContainerOptions::Stop::First;
  if (options.volumes) out.volumes = engine::WithVolumes::Anonymous;
  if (options.wait) out.wait = plan::UpOptions::Wait::Yes;
  return out;
}

bool removal_confirmed(const plan::Plan& plan) {
  std::string names;
  for (const auto& slot : plan.slots) names += (names.empty() ? "" : ", ") + slot.name;
  return confirmed("Going to remove " + names);
}

Task<int> act(Session& session, ProjectOrName which, Verb verb, Options options) {
  const engine::Observed observed = co_await session.engine().observe();
  const model::Project project = which.project ? *std::move(which.project) : plan::project_from(which.name, observed);
  const plan::Plan plan = checked(
      session.context(), verb.plan(project, observed, plan_options(variables_of(session.context(), project), options)));
  if (plan.empty() && verb.nothing != nullptr) {
    std::fprintf(stderr, "%s\n", verb.nothing);
    co_return 0;
  }
  if (session.context().global.dry_run) {
    print_plan(plan);
    co_return 0;
  }
  if (verb.plan == plan::make_remove_plan && !options.force && !removal_confirmed(plan)) co_return 0;
  ExecuteSettings settings;
  settings.title = verb.name;
  if (options.wait_timeout > 0) settings.wait_timeout = std::chrono::seconds(options.wait_timeout);
  co_await execute_plan(session, project, plan, std::move(settings));
  co_return 0;
}

void on(Commands& commands, CLI::App* command, Verb verb, std::shared_ptr<Options> options) {
  command->add_option("SERVICE", options->plan.services, "services; none means all");
  commands.on(command, [verb, options](Context& context) {
    ProjectOrName which = load_project_or_name(context, options->plan.services);
    Session session(context, which.name, std::string("davit ") + verb.name);
    return session.run(act(session, std::move(which), verb, *options));
  });
}

CLI::App* add(Commands& commands, const char* name, const char* summary, const char* description,
              const char* examples) {
  return commands.add(name, {.summary = summary,
                             .synopsis = "[OPTIONS] [SERVICE...]",
                             .description = description,
                             .examples = examples,
                             .exit_status = "",
                             .dry_run = DryRun::Shown});
}

void add_timeout(CLI::App* command, Options& options) {
  seconds(command->add_option("-t,--timeout", options.timeout, "seconds to wait for the end before killing")
              ->type_name("SECONDS"));
}

}  // namespace

void add_start(Commands& commands) {
  auto options = std::make_shared<Options>();
  CLI::App* command = add(commands, "start", "start containers that exist",
                          "Starts the stopped containers of the services and of what they depend on, in the order of\n"
                          "their dependencies. Nothing is created.",
                          "davit start web");
  command->add_flag("--wait", options->wait, "wait until the services are running or healthy");
  seconds(
      command->add_option("--wait-timeout", options->wait_timeout, "seconds to wait at most")->type_name("SECONDS"));
  on(commands, command, {"start", plan::make_start_plan, nullptr}, options);
}

void add_stop(Commands& commands) {
  auto options = std::make_shared<Options>();
  CLI::App* command = add(commands, "stop", "stop containers",
                          "Stops the containers of the services, dependants first. They can be started again.\n"
                          "What the services depend on keeps running.",
                          "davit stop\ndavit stop -t 1 web");
  add_timeout(command, *options);
  on(commands, command, {"stop", plan::make_stop_plan, nullptr}, options);
}

void add_restart(Commands& commands) {
  auto options = std::make_shared<Options>();
  CLI::App* command = add(commands, "restart", "restart containers",
                          "Stops and starts the containers of the services again. A change of the Compose file is not\n"
                          "applied: that is what 'davit up' does.",
                          "davit restart api");
  add_timeout(command, *options);
  command->add_flag("--no-deps", options->no_deps, "leave dependants with 'restart: true' alone");
  on(commands, command, {"restart", plan::make_restart_plan, nullptr}, options);
}

void add_kill(Commands& commands) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      add(commands, "kill", "send a signal to containers",
          "Sends SIGKILL, or the signal given, to the containers of the services.", "davit kill -s SIGHUP web");
  command->add_option("-s,--signal", options->plan.signal, "signal to send")->type_name("SIGNAL");
  command->add_flag("--remove-orphans", options->orphans, "containers of services that are not in the file, too");
  on(commands, command, {"kill", plan::make_kill_plan, "No container to kill"}, options);
}

void add_rm(Commands& commands) {
  auto options = std::make_shared<Options>();
  CLI::App* command = add(commands, "rm", "remove stopped containers",
                          "Removes the stopped containers of the services, after a question.", "davit rm -f web");
  command->add_flag("-f,--force", options->force, "do not ask");
  command->add_flag("-s,--stop", options->stop, "stop the containers first");
  command->add_flag("-v,--volumes", options->volumes, "remove their anonymous volumes too");
  on(commands, command, {"rm", plan::make_remove_plan, "No stopped containers"}, options);
}

void add_pause(Commands& commands) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      add(commands, "pause", "freeze containers", "Freezes all processes of the services.", "davit pause web");
  on(commands, command, {"pause", plan::make_pause_plan, nullptr}, options);
}

void add_unpause(Commands& commands) {
  auto options = std::make_shared<Options>();
  CLI::App* command = add(commands, "unpause", "thaw containers", "Lets paused services run on.", "davit unpause web");
  on(commands, command, {"unpause", plan::make_unpause_plan, nullptr}, options);
}

}  // namespace davit::cli
