#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <set>

#include "commands.hpp"
#include "davit/base/error.hpp"
#include "davit/image/image_store.hpp"
#include "davit/image/time_text.hpp"
#include "human.hpp"
#include "option_values.hpp"
#include "project_loading.hpp"
#include "service_choice.hpp"
#include "session.hpp"

namespace davit::cli {
namespace {

constexpr std::size_t kShortId = 12;
constexpr std::size_t kNarrowest = 20;  ///< docker compose's columns here

struct Options {
  std::vector<std::string> services;
  std::string format = "table";
  bool quiet = false;
};

/// A container and the image it was made from; the image may have been removed from the store meanwhile.
struct Line {
  std::string container;
  std::string repository = "<none>";
  std::string tag = "<none>";
  std::string id;  ///< hex digits
  std::string platform;
  std::int64_t size = 0;
  std::int64_t created = 0;
};

Line line_of(const engine::ObservedContainer& container, const image::ImageStore& store) {
  Line line{.container = container.name, .id = container.image.str().substr(container.image.str().find(':') + 1)};
  if (const auto reference = image::Reference::parse(container.image_name)) {
    line.repository = reference->familiar_name();
    line.tag = reference->tag().value_or("<none>");
  }
  if (const auto image = store.find(container.image)) {
    line.platform = image->config.os + "/" + image->config.architecture;
    line.size = image->size;
    line.created = image->created;
  }
  return line;
}

std::string table_of(const std::vector<Line>& lines) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  std::vector<std::vector<std::string>> rows{
      {"CONTAINER", "REPOSITORY", "TAG", "PLATFORM", "IMAGE ID", "SIZE", "CREATED"}};
  for (const Line& line : lines)
    rows.push_back({line.container, line.repository, line.tag, line.platform, line.id.substr(0, kShortId),
                    human_size(line.size),
                    line.created == 0 ? "N/A" : human_duration(now - std::chrono::nanoseconds(line.created)) + " ago"});
  return table(rows, kNarrowest);
}

std::string json_of(const std::vector<Line>& lines) {
  boost::json::array list;
  for (const Line& line : lines)
    list.push_back(boost::json::object{{"ID", "sha256:" + line.id},
                                       {"ContainerName", line.container},
                                       {"Repository", line.repository},
                                       {"Tag", line.tag},
                                       {"Platform", line.platform},
                                       {"Size", line.size},
                                       {"Created", image::format_rfc3339(line.created)}});
  return boost::json::serialize(list) + "\n";
}

Task<int> images(Session& session, ProjectOrName which, Options options) {
  const engine::Observed observed = co_await session.engine().observe();
  require_services(options.services, which.project, observed);
  const image::ImageStore store = image::ImageStore::open(session.context().data_root());
  std::vector<Line> lines;
  for (const auto& container : observed.containers)
    if (!container.one_off && is_chosen(options.services, container.service))
      lines.push_back(line_of(container, store));
  std::sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) { return a.container < b.container; });
  std::string text;
  std::set<std::string> ids;
  for (const Line& line : lines)
    if (options.quiet && ids.insert(line.id).second) text += line.id + "\n";
  if (!options.quiet) text = options.format == "json" ? json_of(lines) : table_of(lines);
  std::fwrite(text.data(), 1, text.size(), stdout);
  co_return 0;
}

}  // namespace

void add_images(Commands& commands) {
  auto options = std::make_shared<Options>();
  CLI::App* command = commands.add(
      "images",
      {.summary = "list the images of the containers",
       .synopsis = "[OPTIONS] [SERVICE...]",
       .description = "Lists the containers of the services with the image that each was made from. All images of\n"
                      "this data root are shown by 'davit image ls'.",
       .examples = "davit images\ndavit images --format json web",
       .exit_status = "",
       .dry_run = DryRun::Harmless});
  one_of(command->add_option("--format", options->format, "table or json")->type_name("FORMAT"), {"table", "json"});
  command->add_flag("-q,--quiet", options->quiet, "ids alone, each once");
  command->add_option("SERVICE", options->services, "services; none means all");
  commands.on(command, [options](Context& context) {
    ProjectOrName which = load_project_or_name(context, options->services);
    Session session(context, which.name, "davit images");
    return session.run(images(session, std::move(which), *options));
  });
}

}  // namespace davit::cli
