#include <chrono>
#include <cstdio>

#include "commands.hpp"
#include "davit/base/error.hpp"
#include "log_times.hpp"
#include "option_values.hpp"
#include "output_follower.hpp"
#include "project_loading.hpp"
#include "service_choice.hpp"
#include "session.hpp"

namespace davit::cli {
namespace {

struct Options {
  std::vector<std::string> services;
  std::string since;
  std::string until;
  std::string tail = "all";
  int index = 0;
  bool follow = false;
  bool no_color = false;
  bool no_prefix = false;
  bool timestamps = false;
};

std::optional<std::uint64_t> parse_tail(const std::string& text) {
  if (text == "all") return std::nullopt;
  const long long lines = std::stoll(text);  // checked where the option is declared
  if (lines < 0) return std::nullopt;
  return static_cast<std::uint64_t>(lines);
}

logs::ReadOptions read_options(const Options& options) {
  return {.tail = parse_tail(options.tail),
          .since = parse_time("--since", options.since),
          .until = parse_time("--until", options.until)};
}

logs::PrintOptions print_options(const Context& context, const Options& options) {
  const bool coloured = context.global.ansi == "always" || context.stdout_is_terminal;
  return {.colour = !options.no_color && coloured && context.colour(),
          .prefix = !options.no_prefix,
          .timestamps = options.timestamps};
}

/// Services with `attach: false` are shown only when they are named (docker compose).
bool wanted(const std::optional<model::Project>& project, const Options& options,
            const engine::ObservedContainer& container) {
  if (container.one_off || !is_chosen(options.services, container.service)) return false;
  if (options.index > 0 && container.number != options.index) return false;
  if (!options.services.empty() || !project) return true;
  const auto service = project->services.find(container.service);
  return service == project->services.end() || service->second.attach;
}

Task<int> show_logs(Session& session, ProjectOrName which, Options options) {
  const std::int64_t since = options.follow ? co_await session.engine().newest_event() : 0;
  const engine::Observed observed = co_await session.engine().observe();
  require_services(options.services, which.project, observed);
  if (options.index > 0)
    for (const std::string& service : options.services) (void)choose_container(observed, service, options.index);
  FollowOptions follow;
  follow.print = print_options(session.context(), options);
  follow.routing = logs::LogFollower::Routing::AllToStdout;
  follow.wanted = [&](const engine::ObservedContainer& container) { return wanted(which.project, options, container); };
  OutputFollower output(session, std::move(follow));
  output.add(observed, read_options(options), options.follow ? OutputFollower::Watch::Yes : OutputFollower::Watch::No);
  output.show();
  if (!options.follow) co_return 0;
  co_await output.follow(since, OutputFollower::Until::NoneLives);
  co_await output.finish();
  co_return 0;
}

void check(const Options& options) {
  if (options.index > 0 && options.services.size() != 1)
    throw Error(Diagnostic::error("usage", "--index needs exactly one service"));
}

}  // namespace

void add_logs(Commands& commands) {
  auto options = std::make_shared<Options>();
  CLI::App* command = commands.add(
      "logs",
      {.summary = "show what the services have written",
       .synopsis = "[OPTIONS] [SERVICE...]",
       .description = "Shows the output of all containers of the services, in the order in which it was written.\n"
                      "With --follow what comes later, too, until no container runs any more; containers that are\n"
                      "restarted or made anew are followed.",
       .examples = "davit logs --tail 20 api\ndavit logs -f\ndavit logs --since 10m --timestamps",
       .exit_status = "",
       .dry_run = DryRun::Harmless});
  command->add_flag("-f,--follow", options->follow, "go on with what is written from now on");
  whole_number(command->add_option("--index", options->index, "number of the container, if the service has several")
                   ->type_name("N"),
               {}, "2");
  command->add_flag("--no-color", options->no_color, "no colours");
  command->add_flag("--no-log-prefix", options->no_prefix, "no container names");
  command->add_option("--since", options->since, "lines since then: 2026-11-23T03:30:00Z, or 10m for ten minutes ago")
      ->type_name("TIME");
  command->add_option("--until", options->until, "lines until then")->type_name("TIME");
  whole_number(command->add_option("-n,--tail", options->tail, "so many lines of each container, from the end; 'all'")
                   ->type_name("N"),
               {-1}, "100", "all");
  command->add_flag("-t,--timestamps", options->timestamps, "show when each line was written");
  command->add_option("SERVICE", options->services, "services; none means all");
  commands.on(command, [options](Context& context) {
    check(*options);
    ProjectOrName which = load_project_or_name(context, options->services);
    Session session(context, which.name, "davit logs");
    return session.run(show_logs(session, std::move(which), *options));
  });
}

}  // namespace davit::cli
