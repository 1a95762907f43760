#include "up_planning.hpp"

#include "execute.hpp"
#include "image_provider.hpp"
#include "terminal.hpp"

namespace davit::cli {
namespace {

/// Those of the changed volumes that are to be made anew.
std::set<std::string> volumes_to_recreate(const Context& context, const UpFlags& flags, const plan::Plan& plan) {
  std::set<std::string> names;
  for (const std::string& name : plan.changed_volumes) {
    const std::string question =
        "Volume \"" + name + "\" exists but doesn't match configuration in compose file. Recreate (data will be lost)?";
    if (flags.yes || (!context.global.dry_run && confirmed(question))) names.insert(name);
  }
  return names;
}

}  // namespace

Task<plan::Plan> plan_up(Session& session, const model::Project& project, const UpFlags& flags,
                         const image::ImageStore& store) {
  const Context& context = session.context();
  plan::UpOptions options = plan_options(flags).value();
  options.images = local_images(store, project);
  const engine::Observed observed = co_await runtime::observe(session.engine(), project);
  Result<plan::Plan, Diagnostics> plan = plan::make_up_plan(project, observed, options);
  if (plan) options.recreate_volumes = volumes_to_recreate(context, flags, *plan);
  if (!options.recreate_volumes.empty()) plan = plan::make_up_plan(project, observed, options);
  co_return checked(context, std::move(plan));
}

}  // namespace davit::cli
