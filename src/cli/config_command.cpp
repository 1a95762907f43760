// davit config: the project as davit understands it.

#include <cstdio>
#include <fstream>

#include "commands.hpp"
#include "context.hpp"
#include "davit/base/error.hpp"
#include "davit/compose/load.hpp"
#include "davit/compose/render.hpp"
#include "davit/compose/variables.hpp"
#include "human.hpp"

namespace davit::cli {
namespace {

struct Options {
  std::string format;
  std::string output;
  std::string hash;
  bool quiet = false;
  bool no_interpolate = false;
  bool no_normalize = false;
  bool no_path_resolution = false;
  bool no_consistency = false;
  bool no_env_resolution = false;
  bool services = false;
  bool volumes = false;
  bool networks = false;
  bool models = false;
  bool profiles = false;
  bool images = false;
  bool variables = false;
  bool environment = false;
  bool resolve_image_digests = false;
  bool lock_image_digests = false;
  std::vector<std::string> names;
};

std::string read_standard_input() {
  std::string text;
  char buffer[65536];
  for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof buffer, stdin)) > 0;) text.append(buffer, got);
  return text;
}

compose::LoadRequest request_of(const Context& context, const Options& options) {
  compose::LoadRequest request;
  const GlobalOptions& global = context.global;
  request.files = global.files;
  request.project_directory = global.project_directory;
  request.project_name = global.project_name;
  request.profiles = global.profiles;
  request.env_files = global.env_files;
  request.environment = context.environment;
  request.cwd = context.cwd;
  request.read_stdin = read_standard_input;
  request.options.interpolate = !options.no_interpolate;
  request.options.normalize = !options.no_normalize && !global.compatibility;
  request.options.resolve_paths = !options.no_path_resolution;
  request.options.check_consistency = !options.no_consistency;
  request.options.resolve_environment = !options.no_env_resolution;
  request.options.compatibility = global.compatibility;
  request.options.keep_all_resources = global.all_resources;
  request.options.bind = false;
  request.options.unique_container_names = false;
  return request;
}

/// Loads, or says what is wrong and ends the command.
compose::Loaded load(const Context& context, const compose::LoadRequest& request) {
  compose::LoadResult result = compose::load(request, context.files);
  print(context, result.diagnostics, result.sources.lookup());
  if (!result.loaded) throw ExitWith{1};
  return std::move(*result.loaded);
}

compose::Format format_of(const Options& options) {
  if (options.format.empty() || options.format == "yaml") return compose::Format::Yaml;
  if (options.format == "json") return compose::Format::Json;
  throw Error(Diagnostic::error("usage", "unsupported format '" + options.format + "', allowed are 'yaml' and 'json'"));
}

void write(const Options& options, const std::string& text) {
  if (options.quiet) return;
  if (options.output.empty()) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    return;
  }
  std::ofstream file(options.output, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file) throw Error("cannot write '" + options.output + "'");
}

void print_lines(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) std::printf("%s\n", line.c_str());
}

std::vector<std::string> keys_of(const compose::Loaded& loaded, const char* section) {
  std::vector<std::string> keys;
  if (const yaml::Node* map = loaded.tree.find(section))
    for (const yaml::Entry& entry : map->entries) keys.push_back(entry.key);
  return keys;
}

int print_keys(const Context& context, const Options& options, const char* section) {
  compose::LoadRequest request = request_of(context, options);
  request.options.resolve_environment = false;
  print_lines(keys_of(load(context, request), section));
  return 0;
}

int print_models(const Context& context, const Options& options) {
  compose::LoadRequest request = request_of(context, options);
  request.options.resolve_environment = false;
  const compose::Loaded loaded = load(context, request);
  if (const yaml::Node* models = loaded.tree.find("models"))
    for (const yaml::Entry& entry : models->entries)
      if (const yaml::Node* model = entry.value.find("model")) print_lines({model->text});
  return 0;
}

int print_profiles(const Context& context, const Options& options) {
  compose::LoadRequest request = request_of(context, options);
  request.services = options.names;
  print_lines(load(context, request).all_profiles);
  return 0;
}

int print_images(const Context& context, const Options& options) {
  compose::LoadRequest request = request_of(context, options);
  request.services = options.names;
  request.options.bind = true;
  const compose::Loaded loaded = load(context, request);
  for (const auto& [name, service] : loaded.project.services) {
    const std::string image = model::image_name(loaded.project, service);
    print_lines({image});
    for (const model::Hook& hook : service.pre_start)
      if (!hook.image.empty() && hook.image != image) print_lines({hook.image});
  }
  return 0;
}

int print_hashes(const Context& context, const Options& options) {
  compose::LoadRequest request = request_of(context, options);
  request.options.bind = true;
  if (options.hash != "*") {
    request.dependencies = compose::Dependencies::Ignore;
    for (std::size_t from = 0; from <= options.hash.size();) {
      const std::size_t comma = std::min(options.hash.find(',', from), options.hash.size());
      if (comma > from) request.services.push_back(options.hash.substr(from, comma - from));
      from = comma + 1;
    }
  }
  const compose::Loaded loaded = load(context, request);
  for (const auto& [name, service] : loaded.project.services)
    std::printf("%s %s\n", name.c_str(), service.config_hash.c_str());
  return 0;
}

int print_environment(const Context& context, const Options& options) {
  const compose::Loaded loaded = load(context, request_of(context, options));
  for (const auto& [name, value] : loaded.project.environment) std::printf("%s=%s\n", name.c_str(), value.c_str());
  return 0;
}

int print_variables(const Context& context, const Options& options) {
  compose::LoadRequest request = request_of(context, options);
  request.options.interpolate = false;
  request.options.validate = false;
  const auto variables = compose::variables_in(load(context, request).tree);
  if (!options.format.empty()) {
    const compose::Format format = format_of(options);
    write(options, compose::render_variables(variables, format));
    return 0;
  }
  std::vector<std::vector<std::string>> rows{{"NAME", "REQUIRED", "DEFAULT VALUE", "ALTERNATE VALUE"}};
  for (const auto& [name, use] : variables)
    rows.push_back(
        {name, use.required ? "true" : "false", use.default_value.value_or(""), use.alternative.value_or("")});
  constexpr std::size_t kNarrowest = 20;  // docker compose's tables
  std::fputs(table(rows, kNarrowest).c_str(), stdout);
  return 0;
}

int print_document(const Context& context, const Options& options) {
  const compose::Format format = format_of(options);
  compose::LoadRequest request = request_of(context, options);
  request.services = options.names;
  request.options.unique_container_names = true;
  if (options.no_interpolate && !options.names.empty())
    print(context, Diagnostic::warning("usage", "services are not selected with --no-interpolate, all are printed"));
  const compose::Loaded loaded = load(context, request);
  write(options, options.no_interpolate ? compose::render_tree(loaded.tree, format)
                                        : compose::render_document(loaded.tree, format));
  return 0;
}

int config(const Context& context, const Options& options) {
  if (options.resolve_image_digests || options.lock_image_digests)
    throw Error(Diagnostic::error("unsupported",
                                  "image digests cannot be looked up yet, because davit does not speak to "
                                  "registries")
                    .with_hint("leave out --resolve-image-digests and --lock-image-digests"));
  if (options.services) return print_keys(context, options, "services");
  if (options.volumes) return print_keys(context, options, "volumes");
  if (options.networks) return print_keys(context, options, "networks");
  if (options.models) return print_models(context, options);
  if (!options.hash.empty()) return print_hashes(context, options);
  if (options.profiles) return print_profiles(context, options);
  if (options.images) return print_images(context, options);
  if (options.variables) return print_variables(context, options);
  if (options.environment) return print_environment(context, options);
  return print_document(context, options);
}

}  // namespace

void add_config(Commands& commands) {
  auto options = std::make_shared<Options>();
  CLI::App* command = commands.add(
      "config", {.summary = "print the project as davit understands it",
                 .synopsis = "[OPTIONS] [SERVICE...]",
                 .description = "Reads the Compose files, resolves everything in them and prints the result in its\n"
                                "canonical form: variables replaced, files merged, short forms long, defaults\n"
                                "filled in. '$' is printed as '$$', so that the result can be loaded again. All\n"
                                "mistakes are reported at once, each with its place.",
                 .examples = "davit config --format json\ndavit config -q && davit up\ndavit config --hash '*'",
                 .exit_status = "0  the files are right\n1  they are not; the mistakes are on stderr", .dry_run = DryRun::Harmless});
  const auto flag = [&](const char* name, bool& to, const char* text) { command->add_flag(name, to, text); };
  command->add_option("--format", options->format, "yaml or json (default: yaml)")->type_name("FORMAT");
  command->add_option("-o,--output", options->output, "write to a file")->type_name("FILE");
  flag("-q,--quiet", options->quiet, "only say what is wrong");
  flag("--services", options->services, "print the names of the services");
  flag("--volumes", options->volumes, "print the names of the volumes");
  flag("--networks", options->networks, "print the names of the networks");
  flag("--models", options->models, "print the names of the models");
  flag("--profiles", options->profiles, "print the names of the profiles");
  flag("--images", options->images, "print the names of the images");
  command->add_option("--hash", options->hash, "print the configuration hash of services, '*' for all")
      ->type_name("SERVICES");
  flag("--variables", options->variables, "print the variables that the files use, and their defaults");
  flag("--environment", options->environment, "print the environment that variables are looked up in");
  flag("--no-interpolate", options->no_interpolate, "leave variables as they are");
  flag("--no-normalize", options->no_normalize, "leave out what follows implicitly");
  flag("--no-path-resolution", options->no_path_resolution, "leave relative paths as they are");
  flag("--no-consistency", options->no_consistency, "do not check references between the parts");
  flag("--no-env-resolution", options->no_env_resolution, "do not read 'env_file' of services");
  flag("--resolve-image-digests", options->resolve_image_digests, "pin image tags to digests");
  flag("--lock-image-digests", options->lock_image_digests, "print an override file with image digests");
  command->add_option("services_selected", options->names, "services to print, with their dependencies")
      ->type_name("SERVICE");
  commands.on(command, [options](Context& context) { return config(context, *options); });
}

}  // namespace davit::cli
