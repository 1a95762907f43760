// Flags of davit config that print a list instead of the project.

#include <cstdio>

#include "config_options.hpp"
#include "davit/base/text.hpp"
#include "davit/compose/variables.hpp"
#include "human.hpp"
#include "project_loading.hpp"

namespace davit::cli {
namespace {

void print_lines(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) std::printf("%s\n", line.c_str());
}

std::vector<std::string> keys_of(const compose::Loaded& loaded, const char* section) {
  std::vector<std::string> keys;
  if (const yaml::Node* map = loaded.tree.find(section))
    for (const yaml::Entry& entry : map->entries) keys.push_back(entry.key);
  return keys;
}

/// Lists are of the project, also where variables stay as they are.
compose::LoadRequest list_request(const Context& context, const ConfigOptions& options) {
  compose::LoadRequest request = config_request(context, options);
  request.options.project = true;
  return request;
}

}  // namespace

int print_section(const Context& context, const ConfigOptions& options, const char* section) {
  compose::LoadRequest request = list_request(context, options);
  // Without interpolation docker compose has all services here, enabled or not.
  if (std::string_view(section) == "services") request.options.project = false;
  request.options.resolve_environment = false;
  print_lines(keys_of(load_or_exit(context, request), section));
  return 0;
}

int print_models(const Context& context, const ConfigOptions& options) {
  compose::LoadRequest request = list_request(context, options);
  request.options.resolve_environment = false;
  const compose::Loaded loaded = load_or_exit(context, request);
  if (const yaml::Node* models = loaded.tree.find("models"))
    for (const yaml::Entry& entry : models->entries)
      if (const yaml::Node* model = entry.value.find("model")) print_lines({model->text});
  return 0;
}

int print_profiles(const Context& context, const ConfigOptions& options) {
  compose::LoadRequest request = list_request(context, options);
  request.services = options.names;
  print_lines(load_or_exit(context, request).all_profiles);
  return 0;
}

int print_images(const Context& context, const ConfigOptions& options) {
  compose::LoadRequest request = list_request(context, options);
  request.services = options.names;
  request.options.bind = true;
  const compose::Loaded loaded = load_or_exit(context, request);
  for (const auto& [name, service] : loaded.project.services) {
    const std::string image = model::image_name(loaded.project, service);
    print_lines({image});
    for (const model::Hook& hook : service.pre_start)
      if (!hook.image.empty() && hook.image != image) print_lines({hook.image});
  }
  return 0;
}

int print_hashes(const Context& context, const ConfigOptions& options) {
  compose::LoadRequest request = list_request(context, options);
  request.options.bind = true;
  if (options.hash != "*") {
    request.dependencies = compose::Dependencies::Ignore;
    for (const std::string_view name : split(options.hash, ','))
      if (!name.empty()) request.services.emplace_back(name);
  }
  const compose::Loaded loaded = load_or_exit(context, request);
  for (const auto& [name, service] : loaded.project.services)
    std::printf("%s %s\n", name.c_str(), service.config_hash.c_str());
  return 0;
}

int print_environment(const Context& context, const ConfigOptions& options) {
  compose::LoadRequest request = list_request(context, options);
  request.services = options.names;
  const compose::Loaded loaded = load_or_exit(context, request);
  for (const auto& [name, value] : loaded.project.environment) std::printf("%s=%s\n", name.c_str(), value.c_str());
  return 0;
}

int print_variables(const Context& context, const ConfigOptions& options) {
  compose::LoadRequest request = config_request(context, options);
  request.options.interpolate = false;
  request.options.validate = false;
  const auto variables = compose::variables_in(load_or_exit(context, request).tree);
  if (!options.format.empty()) {
    const compose::Format format = format_of(options);
    // docker compose ends its JSON with an empty line here.
    const std::string end = format == compose::Format::Json ? "\n" : "";
    write_config(options, compose::render_variables(variables, format) + end);
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

}  // namespace davit::cli
