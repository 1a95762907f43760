#include "project_loading.hpp"

#include <cstdio>

#include "davit/base/error.hpp"
#include "davit/yaml/parse.hpp"

namespace davit::cli {
namespace {

/// No further than to where the text is too long to be read as YAML: the other end may never stop.
std::string read_standard_input() {
  std::string text;
  char buffer[65536];
  for (std::size_t got = 0;
       text.size() <= yaml::Limits{}.bytes && (got = std::fread(buffer, 1, sizeof buffer, stdin)) > 0;)
    text.append(buffer, got);
  return text;
}

bool no_file_was_found(const Diagnostics& diagnostics) {
  for (const auto& diagnostic : diagnostics.items())
    if (diagnostic.code == "no-compose-file") return true;
  return false;
}

/// As docker compose: with `-p` alone it is the project of that name, whatever file lies in this folder.
bool names_project_alone(const GlobalOptions& global) {
  return !global.project_name.empty() && global.files.empty() &&
         compose::normalize_project_name(global.project_name) == global.project_name;
}

}  // namespace

compose::LoadRequest load_request(const Context& context) {
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
  request.options.compatibility = global.compatibility;
  request.options.keep_all_resources = global.all_resources;
  return request;
}

compose::Loaded load_or_exit(const Context& context, const compose::LoadRequest& request, int failure) {
  compose::LoadResult result = compose::load(request, context.files);
  print(context, result.diagnostics, result.sources.lookup());
  if (!result.loaded) throw ExitWith{failure};
  return std::move(*result.loaded);
}

model::Project load_project(const Context& context, const std::vector<std::string>& services,
                            compose::Dependencies dependencies) {
  compose::LoadRequest request = load_request(context);
  request.services = services;
  request.dependencies = dependencies;
  return std::move(load_or_exit(context, request).project);
}

ProjectOrName load_project_or_name(const Context& context, const std::vector<std::string>& services) {
  if (names_project_alone(context.global)) return {context.global.project_name, std::nullopt};
  compose::LoadRequest request = load_request(context);
  // Of what runs already these say nothing: a file that went missing since must not keep anybody from lowering it.
  request.options.resolve_environment = false;
  request.options.unique_container_names = false;
  compose::LoadResult result = compose::load(request, context.files);
  const std::string named = !context.global.project_name.empty() ? context.global.project_name
                                                                 : context.env("COMPOSE_PROJECT_NAME").value_or("");
  if (!result.loaded && !named.empty() && no_file_was_found(result.diagnostics)) return {named, std::nullopt};
  print(context, result.diagnostics, result.sources.lookup());
  if (!result.loaded) throw ExitWith{1};
  model::Project& project = result.loaded->project;
  for (const std::string& service : services)
    if (auto disabled = project.disabled_services.extract(service)) project.services.insert(std::move(disabled));
  std::string name = project.name;
  return {std::move(name), std::move(project)};
}

}  // namespace davit::cli
