#include <algorithm>
#include <cstdio>
#include <set>

#include "commands.hpp"
#include "container_listing.hpp"
#include "davit/base/error.hpp"
#include "davit/base/suggest.hpp"
#include "project_loading.hpp"
#include "service_choice.hpp"
#include "session.hpp"

namespace davit::cli {
namespace {

struct Options {
  std::vector<std::string> services;
  std::vector<std::string> filters;
  std::vector<std::string> statuses;
  std::string format = "table";
  bool all = false;
  bool no_truncation = false;
  bool orphans = true;
  bool quiet = false;
  bool services_only = false;
};

const std::vector<std::string>& known_statuses() {
  static const std::vector<std::string> kNames{"created", "dead", "exited", "paused", "restarting", "running"};
  return kNames;
}

/// The states asked for with --status and --filter status=; empty: those of a living container, or all with --all.
std::set<std::string> wanted_states(const Options& options) {
  std::set<std::string> wanted(options.statuses.begin(), options.statuses.end());
  for (const std::string& filter : options.filters) {
    const auto equals = filter.find('=');
    const std::string key = filter.substr(0, equals);
    if (equals == std::string::npos || key != "status")
      throw Error(Diagnostic::error("filter", "unknown filter '" + filter + "'; known is status=STATE"));
    wanted.insert(filter.substr(equals + 1));
  }
  for (const std::string& state : wanted) {
    const auto& known = known_statuses();
    if (std::find(known.begin(), known.end(), state) == known.end())
      throw Error(Diagnostic::error("status", "unknown status '" + state + "'; it is one of " + join_names(known)));
  }
  return wanted;
}

bool lives(engine::ContainerState state) {
  return state == engine::ContainerState::Running || state == engine::ContainerState::Paused ||
         state == engine::ContainerState::Restarting;
}

bool is_orphan(const engine::ObservedContainer& container, const std::optional<model::Project>& project) {
  return project && !project->services.contains(container.service) &&
         !project->disabled_services.contains(container.service);
}

std::vector<engine::ObservedContainer> choose(const engine::Observed& observed,
                                              const std::optional<model::Project>& project, const Options& options) {
  const auto states = wanted_states(options);
  std::vector<engine::ObservedContainer> chosen;
  for (const auto& container : observed.containers) {
    if (!is_chosen(options.services, container.service)) continue;
    if (container.one_off && !options.all) continue;
    if (!options.orphans && is_orphan(container, project)) continue;
    const bool wanted = !states.empty() ? states.contains(std::string(to_string(container.state)))
                                        : options.all || lives(container.state);
    if (wanted) chosen.push_back(container);
  }
  return chosen;
}

std::string listing(const std::vector<engine::ObservedContainer>& containers, const Options& options) {
  std::string text;
  if (options.quiet) {
    for (const auto& container : containers) text += container.id.str() + "\n";
    return text;
  }
  if (options.services_only) {
    std::set<std::string> services;
    for (const auto& container : containers) services.insert(container.service);
    for (const std::string& service : services) text += service + "\n";
    return text;
  }
  const auto now = std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
  const auto truncate = options.no_truncation ? Truncate::No : Truncate::Yes;
  if (options.format == "json") return ps_json_lines(containers, now, truncate);
  if (options.format == "table" || options.format.empty()) return ps_table(containers, now, truncate);
  return ps_template(containers, now, truncate, options.format);
}

/// What outlived its supervisor counts as exited for commands that change something, but it runs for who looks.
void show_what_still_runs(engine::Observed& observed) {
  for (auto& container : observed.containers) {
    if (!container.unsupervised) continue;
    container.state = engine::ContainerState::Running;
    container.exit_code = 0;
  }
}

Task<int> ps(Session& session, ProjectOrName which, Options options) {
  engine::Observed observed = co_await session.engine().observe();
  show_what_still_runs(observed);
  require_services(options.services, which.project, observed);
  const std::string text = listing(choose(observed, which.project, options), options);
  std::fwrite(text.data(), 1, text.size(), stdout);
  co_return 0;
}

}  // namespace

void add_ps(Commands& commands) {
  auto options = std::make_shared<Options>();
  CLI::App* command = commands.add(
      "ps", {.summary = "list the containers of the project",
             .synopsis = "[OPTIONS] [SERVICE...]",
             .description = "Lists running containers, with --all stopped ones and those of 'davit run', too.",
             .examples = "davit ps\ndavit ps --all --format json\ndavit ps -q web",
             .exit_status = "",
             .dry_run = DryRun::Harmless});
  command->add_flag("-a,--all", options->all, "stopped containers and those of 'run', too");
  command->add_option("--filter", options->filters, "status=STATE; repeat")
      ->allow_extra_args(false)
      ->type_name("FILTER");
  command
      ->add_option("--format", options->format, "table, json (an object a line), or a template: '{{.Name}} {{.State}}'")
      ->type_name("FORMAT");
  command->add_flag("--no-trunc", options->no_truncation, "cut nothing off");
  command->add_flag("--orphans,!--no-orphans", options->orphans,
                    "containers of services the file no longer has (default)");
  command->add_flag("-q,--quiet", options->quiet, "ids alone");
  command->add_flag("--services", options->services_only, "names of services alone");
  command->add_option("--status", options->statuses, "only containers in this state; repeat")
      ->allow_extra_args(false)
      ->type_name("STATE");
  command->add_option("SERVICE", options->services, "services; none means all");
  commands.on(command, [options](Context& context) {
    ProjectOrName which = load_project_or_name(context, options->services);
    Session session(context, which.name, "davit ps");
    return session.run(ps(session, std::move(which), *options));
  });
}

}  // namespace davit::cli
