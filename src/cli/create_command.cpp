#include "commands.hpp"
#include "execute.hpp"
#include "image_provider.hpp"
#include "project_loading.hpp"
#include "session.hpp"
#include "up_options.hpp"
#include "up_planning.hpp"

namespace davit::cli {
namespace {

Task<int> create(Session& session, model::Project project, UpFlags flags) {
  const Context& context = session.context();
  image::ImageStore store = image::ImageStore::open(context.data_root());
  StoreImages images(context, store,
                     {.output = flags.quiet_build ? BuildOutput::Silent : build_output(context), .build_args = {}});
  if (!context.global.dry_run) co_await take_turn(session, embedded::Turn::Raise);
  const plan::Plan plan = co_await plan_up(session, project, flags, store);
  if (context.global.dry_run) {
    print_plan(plan);
    co_return 0;
  }
  ExecuteSettings settings{.title = flags.no_start ? "create" : "scale", .images = &images, .wait_timeout = {}};
  co_await execute_plan(session, project, plan, std::move(settings));
  co_return 0;
}

int run_create(Context& context, const UpFlags& flags) {
  if (const auto conflict = plan::check_flags(flags)) throw Error(*conflict);
  model::Project project = load_project(context, flags.services);
  Session session(context, project.name, "davit create");
  return session.run(create(session, std::move(project), flags));
}

}  // namespace

void add_create(Commands& commands) {
  auto flags = std::make_shared<UpFlags>();
  flags->no_start = true;
  CLI::App* command = commands.add(
      "create", {.summary = "create containers without starting them",
                 .synopsis = "[OPTIONS] [SERVICE...]",
                 .description = "Makes networks, volumes and containers as 'up' would, and starts nothing.",
                 .examples = "davit create --build",
                 .exit_status = "",
                 .dry_run = DryRun::Shown});
  add_create_flags(command, *flags);
  command->add_flag("--force-recreate", flags->force_recreate, "recreate containers even if nothing changed");
  command->add_flag("--no-recreate", flags->no_recreate, "keep containers even if their service changed");
  command->add_option("--scale", flags->scale, "number of containers of a service; repeat")
      ->allow_extra_args(false)
      ->type_name("SERVICE=N");
  command->add_flag("-y,--yes", flags->yes, "answer every question with yes");
  command->add_option("SERVICE", flags->services, "services; none means all");
  commands.on(command, [flags](Context& context) { return run_create(context, *flags); });
}

void add_scale(Commands& commands) {
  auto flags = std::make_shared<UpFlags>();
  CLI::App* command =
      commands.add("scale", {.summary = "change the number of containers of services",
                             .synopsis = "[OPTIONS] SERVICE=N...",
                             .description = "Starts or removes containers until each service has as many as asked for.",
                             .examples = "davit scale web=3 worker=0",
                             .exit_status = "",
                             .dry_run = DryRun::Shown});
  command->add_flag("--no-deps", flags->no_deps, "do not start what the services depend on");
  command->add_option("SCALE", flags->scale, "SERVICE=N")->required();
  commands.on(command, [flags](Context& context) {
    UpFlags all = *flags;
    for (const auto& entry : flags->scale) all.services.push_back(entry.substr(0, entry.find('=')));
    return run_create(context, all);
  });
}

}  // namespace davit::cli
