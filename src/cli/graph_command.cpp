// davit graph: which service needs which, as a picture.

#include <set>

#include "commands.hpp"
#include "davit/picture/draw.hpp"
#include "option_values.hpp"
#include "project_loading.hpp"
#include "result_file.hpp"
#include "terminal.hpp"

namespace davit::cli {
namespace {

constexpr std::size_t kColumns = 100;  ///< in a pipe, without COLUMNS

struct Options {
  std::string format = "text";
  std::string output;
  bool all = false;
  std::vector<std::string> services;
};

/// Of the terminal; else COLUMNS, so that a pipe can be given a width.
std::size_t columns_of(const Context& context, const Options& options) {
  if (options.output.empty())
    if (const auto size = terminal_size()) return size->first;
  const std::string text = context.env("COLUMNS").value_or("");
  const bool number = !text.empty() && text.size() < 5 && text.find_first_not_of("0123456789") == std::string::npos;
  return number ? std::stoul(text) : kColumns;
}

/// What the locale can show (POSIX: LC_ALL over LC_CTYPE over LANG). None is taken for UTF-8, as in most containers.
picture::Glyphs glyphs_of(const Context& context) {
  for (const char* const name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string locale = context.env(name).value_or("");
    if (locale.empty()) continue;
    const bool unicode = locale.find("UTF-8") != std::string::npos || locale.find("utf8") != std::string::npos ||
                         locale.find("UTF8") != std::string::npos || locale.find("utf-8") != std::string::npos;
    return unicode ? picture::Glyphs::Unicode : picture::Glyphs::Ascii;
  }
  return picture::Glyphs::Unicode;
}

std::string drawn(const Context& context, const Options& options, const picture::Picture& picture) {
  if (options.format == "mermaid") return draw_mermaid(picture);
  if (options.format == "dot") return draw_dot(picture);
  if (options.format == "svg") return draw_svg(picture);
  if (options.format == "json") return draw_json(picture);
  const bool colour = options.output.empty() && context.colour_on_stdout();
  return draw_terminal(picture, {.columns = columns_of(context, options),
                                 .glyphs = glyphs_of(context),
                                 .colours = colour ? picture::Colours::Yes : picture::Colours::No});
}

int graph(Context& context, const Options& options) {
  if (options.format == "json") context.messages = Messages::Json;
  compose::LoadRequest request = load_request(context);
  request.services = options.services;
  request.options.resolve_environment = false;  // the values do not show
  if (!options.all) {
    const compose::Loaded loaded = load_or_exit(context, request);
    write_result(options.output, drawn(context, options, picture::make_picture(loaded.project)));
    return 0;
  }
  compose::LoadRequest everything = request;
  everything.services.clear();
  everything.profiles = {"*"};
  const compose::Loaded all = load_or_exit(context, everything);
  // That an active service needs one that is not is no mistake here: the picture shows it.
  request.options.check_consistency = false;
  const compose::LoadResult chosen = compose::load(request, context.files);
  if (!chosen.loaded) {  // a service was named that there is none of
    print(context, chosen.diagnostics, chosen.sources.lookup());
    return 1;
  }
  std::set<std::string> active;
  for (const auto& [name, service] : chosen.loaded->project.services) active.insert(name);
  write_result(options.output, drawn(context, options, picture::make_picture(all.project, active)));
  return 0;
}

}  // namespace

void add_graph(Commands& commands) {
  auto options = std::make_shared<Options>();
  CLI::App* command = commands.add(
      "graph", {.summary = "draw which service needs which",
                .synopsis = "[OPTIONS] [SERVICE...]",
                .description = "Draws the services with their images and ports, and what each needs: first what\n"
                               "nothing needs, below it what that needs, and so on. 'up' starts from below, and\n"
                               "what stands in one row can start at the same time. Marks at the lines say what is\n"
                               "waited for. With services, these and what they need are drawn.\n"
                               "\n"
                               "What does not fit the width of the terminal (in a pipe: COLUMNS, or 100) is told as\n"
                               "a list, wave by wave.\n"
                               "\n"
                               "mermaid is for Markdown pages, dot for Graphviz, svg a file that browsers show. json\n"
                               "has 'project', 'services' (name, wave, image, build, ports, networks, profiles, …),\n"
                               "'dependencies' (from, to, condition, required, restart, through, file, line,\n"
                               "column) and 'networks'; 'through' says what a dependency follows from besides\n"
                               "depends_on: network_mode, pid, ipc, uts, cgroup, links or volumes_from.",
                .examples = "davit graph\n"
                            "davit graph web\n"
                            "davit --profile debug graph --format mermaid\n"
                            "davit graph --all --format svg -o stack.svg\n"
                            "davit graph --format dot | dot -Tpdf > stack.pdf",
                .exit_status = "0  it was drawn\n"
                               "1  the files have mistakes, they are on stderr",
                .dry_run = DryRun::Harmless});
  one_of(command->add_option("--format", options->format, "text, mermaid, dot, svg or json (default: text)")
             ->type_name("FORMAT"),
         {"text", "mermaid", "dot", "svg", "json"});
  command->add_option("-o,--output", options->output, "write to a file")->type_name("FILE");
  command->add_flag("-a,--all", options->all, "draw the services that are not active or not asked for, too");
  command->add_option("services", options->services, "draw these and what they need")->type_name("SERVICE");
  commands.on(command, [options](Context& context) { return graph(context, *options); });
}

}  // namespace davit::cli
