#include <cstdio>

#include "commands.hpp"
#include "execute.hpp"
#include "project_loading.hpp"
#include "session.hpp"

namespace davit::cli {
namespace {

struct Options {
  std::vector<std::string> services;
  bool down_project = false;
};

Task<int> wait(Session& session, ProjectOrName which, Options options) {
  const engine::Observed observed = co_await session.engine().observe();
  const model::Project project = which.project ? *std::move(which.project) : plan::project_from(which.name, observed);
  const auto until = options.down_project ? runtime::WaitUntil::FirstExited : runtime::WaitUntil::AllExited;
  const auto exits = co_await runtime::wait_for_exit(session.engine(), project, options.services, until);
  for (const auto& exit : exits)
    std::printf("container \"%s\" exited with status code %d\n", exit.id.str().c_str(), exit.exit_code);
  std::fflush(stdout);
  const int code = exits.empty() ? 0 : exits.back().exit_code;
  if (options.down_project) {
    co_await take_turn(session, embedded::Turn::Lower);
    const engine::Observed now = co_await session.engine().observe();
    const plan::Plan plan = checked(session.context(), plan::make_down_plan(project, now, {}));
    ExecuteSettings settings{.title = "down", .images = nullptr, .wait_timeout = {}};
    co_await execute_plan(session, project, plan, std::move(settings));
  }
  co_return code;
}

}  // namespace

void add_wait(Commands& commands) {
  auto options = std::make_shared<Options>();
  CLI::App* command = commands.add(
      "wait", {.summary = "wait until services have ended",
               .synopsis = "[OPTIONS] SERVICE...",
               .description = "Waits until all containers of the services have ended, and prints their exit codes.",
               .examples = "davit wait test",
               .exit_status = "That of the container which ended last."});
  command->add_flag("--down-project", options->down_project,
                    "lower the project as soon as the first container has ended");
  command->add_option("SERVICE", options->services, "services")->required();
  commands.on(command, [options](Context& context) {
    ProjectOrName which = load_project_or_name(context, options->services);
    Session session(context, which.name, "davit wait");
    return session.run(wait(session, std::move(which), *options));
  });
}

}  // namespace davit::cli
