#include <boost/json/serialize.hpp>
#include <cstdio>
#include <set>

#include "commands.hpp"
#include "go_template.hpp"
#include "human.hpp"
#include "project_loading.hpp"
#include "service_choice.hpp"
#include "session.hpp"

namespace davit::cli {
namespace {

struct Options {
  std::vector<std::string> services;
  std::string format = "table";
  bool quiet = false;
};

TemplateLine line_of(const engine::ObservedVolume& volume, const std::string& mountpoint) {
  std::string labels;
  for (const auto& [key, value] : volume.labels) labels += (labels.empty() ? "" : ",") + key + "=" + value;
  TemplateLine line{{{"Availability", "N/A"},
                     {"Driver", "local"},
                     {"Group", "N/A"},
                     {"Labels", labels},
                     {"Links", "N/A"},
                     {"Mountpoint", mountpoint},
                     {"Name", volume.name},
                     {"Scope", "local"},
                     {"Size", "N/A"},
                     {"Status", "N/A"}},
                    {},
                    volume.labels};
  for (const auto& [key, value] : line.fields) line.json[key] = value;
  return line;
}

/// The named volumes of the project; with services, those their containers mount.
std::vector<engine::ObservedVolume> choose(const engine::Observed& observed, const Options& options) {
  std::set<std::string> mounted;
  for (const auto& container : observed.containers)
    if (is_chosen(options.services, container.service))
      for (const auto& mount : container.mounts) mounted.insert(mount.source);
  std::vector<engine::ObservedVolume> chosen;
  for (const auto& volume : observed.volumes)
    if (!volume.anonymous && (options.services.empty() || mounted.contains(volume.name))) chosen.push_back(volume);
  std::sort(chosen.begin(), chosen.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return chosen;
}

std::string listing(const std::vector<TemplateLine>& lines, const Options& options) {
  std::string out;
  if (options.quiet) {
    for (const auto& line : lines) out += line.fields.at("Name") + "\n";
  } else if (options.format == "json") {
    for (const auto& line : lines) out += boost::json::serialize(line.json) + "\n";
  } else if (options.format == "table") {
    std::vector<std::vector<std::string>> rows{{"DRIVER", "VOLUME NAME"}};
    for (const auto& line : lines) rows.push_back({line.fields.at("Driver"), line.fields.at("Name")});
    out = table(rows);
  } else {
    out = render_template(options.format, line_of({}, ""), lines);
  }
  return out;
}

Task<int> volumes(Session& session, ProjectOrName which, Options options) {
  const engine::Observed observed = co_await session.engine().observe();
  require_services(options.services, which.project, observed);
  std::vector<TemplateLine> lines;
  for (const auto& volume : choose(observed, options))
    lines.push_back(line_of(volume, session.context().data_root() + "/volumes/" + volume.name + "/_data"));
  const std::string text = listing(lines, options);
  std::fwrite(text.data(), 1, text.size(), stdout);
  co_return 0;
}

}  // namespace

void add_volumes(Commands& commands) {
  auto options = std::make_shared<Options>();
  CLI::App* command = commands.add(
      "volumes",
      {.summary = "list the volumes of the project",
       .synopsis = "[OPTIONS] [SERVICE...]",
       .description = "Lists the named volumes of the project, or those that containers of the services mount.",
       .examples = "davit volumes\ndavit volumes --format json db",
       .exit_status = "",
       .dry_run = DryRun::Harmless});
  command
      ->add_option("--format", options->format,
                   "table, json (an object a line), or a template: '{{.Name}} {{.Mountpoint}}'")
      ->type_name("FORMAT");
  command->add_flag("-q,--quiet", options->quiet, "names alone");
  command->add_option("SERVICE", options->services, "services; none means all");
  commands.on(command, [options](Context& context) {
    ProjectOrName which = load_project_or_name(context, options->services);
    Session session(context, which.name, "davit volumes");
    return session.run(volumes(session, std::move(which), *options));
  });
}

}  // namespace davit::cli
