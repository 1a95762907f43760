#include "service_words.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "davit/compose/load.hpp"

namespace davit::cli {
namespace {

/// '$' begins a variable in a Compose file, and means nothing here.
std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '$' ? "$$" : std::string(1, c);
  return out;
}

/// JSON is YAML.
std::string document(const std::string& attribute, Form form, const std::string& value) {
  boost::json::value text = boost::json::string(escaped(value));
  if (form == Form::List) text = boost::json::array{std::move(text)};
  boost::json::object service{{"image", "none"}};
  service[attribute] = std::move(text);
  return boost::json::serialize(boost::json::object{{"services", {{"service", std::move(service)}}}});
}

}  // namespace

Result<model::Service> read_attribute(const model::Project& project, const std::string& flag,
                                      const std::string& attribute, Form form, const std::string& value) {
  compose::LoadRequest request;
  request.files = {"-"};
  request.project_directory = project.working_dir;
  request.project_name = project.name;
  request.cwd = project.working_dir;
  request.environment = {{"COMPOSE_DISABLE_ENV_FILE", "true"}};
  request.read_stdin = [&] { return document(attribute, form, value); };
  request.options.check_consistency = false;  // volumes are declared in the project itself
  compose::LoadResult result = compose::load(request, DiskFiles());
  if (result.loaded) return std::move(result.loaded->project.services.at("service"));
  const Diagnostic& problem = result.diagnostics.items().front();
  Diagnostic out = Diagnostic::error("bad-flag", flag + " '" + value + "': " + problem.message);
  out.notes = problem.notes;
  out.hint = problem.hint;
  return out;
}

}  // namespace davit::cli
