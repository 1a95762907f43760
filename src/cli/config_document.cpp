// davit config itself: the project, and where its values come from.

#include "config_digests.hpp"
#include "config_options.hpp"
#include "davit/base/error.hpp"
#include "davit/compose/origin_render.hpp"
#include "project_loading.hpp"
#include "result_file.hpp"

namespace davit::cli {
namespace {

compose::CommentStyle comment_style(const Context& context, const ConfigOptions& options) {
  if (!options.output.empty() || !context.colour_on_stdout()) return {};
  return {"\x1b[36m", "\x1b[0m"};
}

std::string text_of(const Context& context, const ConfigOptions& options, const compose::Loaded& loaded) {
  const compose::Format format = format_of(options);
  const bool as_written = options.no_interpolate || (options.lock_image_digests && format == compose::Format::Yaml);
  if (options.origin) {
    const auto form = as_written ? compose::TreeForm::AsWritten : compose::TreeForm::Resolved;
    return format == compose::Format::Json
               ? compose::render_origins_json(loaded.tree, loaded.origins, form)
               : compose::render_with_origins(loaded.tree, loaded.origins, form, comment_style(context, options));
  }
  return as_written ? compose::render_tree(loaded.tree, format) : compose::render_document(loaded.tree, format);
}

}  // namespace

compose::LoadRequest config_request(const Context& context, const ConfigOptions& options) {
  compose::LoadRequest request = load_request(context);
  request.options.interpolate = !options.no_interpolate;
  request.options.normalize = !options.no_normalize && !context.global.compatibility;
  request.options.resolve_paths = !options.no_path_resolution;
  request.options.check_consistency = !options.no_consistency;
  request.options.resolve_environment = !options.no_env_resolution;
  request.options.bind = false;
  request.options.unique_container_names = false;
  return request;
}

compose::Format format_of(const ConfigOptions& options) {
  if (options.format.empty() || options.format == "yaml") return compose::Format::Yaml;
  if (options.format == "json") return compose::Format::Json;
  throw Error(Diagnostic::error("usage", "unsupported format '" + options.format + "', allowed are 'yaml' and 'json'"));
}

void write_config(const ConfigOptions& options, const std::string& text) {
  if (!options.quiet) write_result(options.output, text);
}

int print_document(const Context& context, const ConfigOptions& options) {
  (void)format_of(options);
  compose::LoadRequest request = config_request(context, options);
  request.services = options.names;
  request.options.unique_container_names = true;
  request.options.origins = options.origin;
  if (options.no_interpolate && !options.names.empty())
    print(context, Diagnostic::warning("usage", "services are not selected with --no-interpolate, all are printed"));
  compose::Loaded loaded = load_or_exit(context, request);
  if (options.resolve_image_digests || options.lock_image_digests) resolve_image_digests(context, loaded);
  if (options.lock_image_digests) loaded.tree = images_only(loaded.tree);
  write_config(options, text_of(context, options, loaded));
  return 0;
}

}  // namespace davit::cli
