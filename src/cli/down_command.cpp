#include <cstdio>

#include "command_words.hpp"
#include "commands.hpp"
#include "davit/build/cleanup.hpp"
#include "durations.hpp"
#include "execute.hpp"
#include "image_provider.hpp"
#include "option_values.hpp"
#include "project_loading.hpp"
#include "session.hpp"

namespace davit::cli {
namespace {

struct Options {
  std::vector<std::string> services;
  bool remove_orphans = false;
  bool volumes = false;
  std::string rmi;
  int timeout = -1;
};

plan::DownOptions plan_options(const Lookup& variable, const Options& options) {
  plan::DownOptions out;
  out.services = options.services;
  const bool remove = options.remove_orphans || is_yes(variable("COMPOSE_REMOVE_ORPHANS"));
  const bool ignore = is_yes(variable("COMPOSE_IGNORE_ORPHANS"));
  out.orphans = remove ? plan::Orphans::Remove : ignore ? plan::Orphans::Ignore : plan::Orphans::Warn;
  if (options.volumes) out.volumes = plan::DownOptions::Volumes::Remove;
  if (options.rmi == "local") out.images = plan::DownOptions::Images::Local;
  if (options.rmi == "all") out.images = plan::DownOptions::Images::All;
  out.grace = grace_period(options.timeout);
  return out;
}

/// Whether a supervisor is worth a start: otherwise there is nobody to take turns with.
Task<bool> is_something_there(Session& session) {
  if (session.engine().is_alive()) co_return true;
  const engine::Observed observed = co_await session.engine().observe();
  co_return !observed.containers.empty() || !observed.networks.empty();
}

Task<int> down(Session& session, ProjectOrName which, Options options) {
  const Context& context = session.context();
  // What a killed supervisor and keeper left: processes, links and mounts that no record leads to any more.
  bool swept = false;
  if (!context.global.dry_run) {
    const auto found = co_await embedded::cleanup_leftovers(session.engine_options(), session.timers());
    for (const auto& removed : found)
      print(context, Diagnostic::warning("leftover", "removed what a crash left: " + removed));
    swept = !found.empty();
  }
  if (!context.global.dry_run && co_await is_something_there(session))
    co_await take_turn(session, embedded::Turn::Lower);
  const engine::Observed observed = co_await session.engine().observe();
  const model::Project project = which.project ? *std::move(which.project) : plan::project_from(which.name, observed);
  const plan::Plan plan =
      checked(context, plan::make_down_plan(project, observed, plan_options(variables_of(context, project), options)));
  if (plan.empty()) {
    if (!swept)
      std::fprintf(stderr, "Warning: No resource found to remove for project \"%s\".\n", project.name.c_str());
    co_return 0;
  }
  if (context.global.dry_run) {
    print_plan(plan);
    co_return 0;
  }
  ExecuteSettings settings;
  settings.title = "down";
  std::unique_ptr<image::ImageStore> store;
  std::unique_ptr<StoreImages> images;
  if (!options.rmi.empty()) {
    store = std::make_unique<image::ImageStore>(image::ImageStore::open(context.data_root()));
    images = std::make_unique<StoreImages>(context, *store, StoreImages::Options{});
    settings.images = images.get();
  }
  co_await execute_plan(session, project, plan, std::move(settings));
  co_return 0;
}

}  // namespace

void add_down(Commands& commands) {
  auto options = std::make_shared<Options>();
  CLI::App* command = commands.add(
      "down",
      {.summary = "stop and remove containers and networks",
       .synopsis = "[OPTIONS] [SERVICE...]",
       .description = "Stops the containers, dependants first, and removes them and the networks that nothing uses\n"
                      "any more. Named volumes and images stay unless asked for. Also finds what is left after a\n"
                      "crash. With -p it needs no Compose file.",
       .examples = "davit down\ndavit down -v --rmi local\ndavit -p ci-42 down -t 0",
       .exit_status = "",
       .dry_run = DryRun::Shown});
  command->add_flag("--remove-orphans", options->remove_orphans,
                    "remove containers of services that are not in the file");
  one_of(command->add_option("--rmi", options->rmi, "remove images: 'local' those without a name in the file, or 'all'")
             ->type_name("TYPE"),
         {"local", "all"});
  seconds(command->add_option("-t,--timeout", options->timeout, "seconds to wait for the end before killing")
              ->type_name("SECONDS"));
  command->add_flag("-v,--volumes", options->volumes, "remove named volumes of the file, and anonymous ones");
  command->add_option("SERVICE", options->services, "services; none means the whole project");
  commands.on(command, [options](Context& context) {
    ProjectOrName which = load_project_or_name(context, options->services);
    Session session(context, which.name, "davit down");
    const int code = session.run(down(session, std::move(which), *options));
    // Of a build that was killed with its guard nobody else would know until the next one.
    if (!context.global.dry_run)
      build::clear_dead_builds(context.data_root(), [&context](const Diagnostic& warning) { print(context, warning); });
    return code;
  });
}

}  // namespace davit::cli
