#include <cstdio>

#include "commands.hpp"
#include "davit/embedded/client.hpp"
#include "option_values.hpp"
#include "project_listing.hpp"

namespace davit::cli {
namespace {

struct Options {
  std::vector<std::string> filters;
  std::string format = "table";
  bool all = false;
  bool quiet = false;
};

int ls(const Context& context, const Options& options) {
  std::vector<ProjectLine> projects;
  for (const auto& project : embedded::list_projects(context.data_root(), context.run_root()))
    projects.push_back({project.name, project.states, project.config_files});
  projects = choose_projects(std::move(projects), options.all ? Projects::All : Projects::Running, options.filters);
  std::string text;
  if (options.quiet) {
    for (const auto& project : projects) text += project.name + "\n";
  } else if (options.format == "json") {
    text = projects_json(projects);
  } else {
    text = projects_table(projects);
  }
  std::fwrite(text.data(), 1, text.size(), stdout);
  return 0;
}

}  // namespace

void add_ls(Commands& commands) {
  auto options = std::make_shared<Options>();
  CLI::App* command = commands.add(
      "ls", {.summary = "list the projects",
             .synopsis = "[OPTIONS]",
             .description = "Lists the projects of this data root which have running containers, with --all\n"
                            "every project that has not been lowered.",
             .examples = "davit ls\ndavit ls --all --format json",
             .exit_status = "",
             .dry_run = DryRun::Harmless});
  command->add_flag("-a,--all", options->all, "stopped projects, too");
  command->add_option("--filter", options->filters, "name=TEXT: projects whose name has the text in it; repeat")
      ->allow_extra_args(false)
      ->type_name("FILTER");
  one_of(command->add_option("--format", options->format, "table or json")->type_name("FORMAT"), {"table", "json"});
  command->add_flag("-q,--quiet", options->quiet, "names alone");
  commands.on(command, [options](Context& context) { return ls(context, *options); });
}

}  // namespace davit::cli
