// davit config: the project as davit understands it.

#include "commands.hpp"
#include "config_options.hpp"

namespace davit::cli {
namespace {

int config(Context& context, const ConfigOptions& options) {
  if (options.format == "json") context.messages = Messages::Json;
  if (!options.diff.empty()) return print_differences(context, options);
  if (options.services) return print_section(context, options, "services");
  if (options.volumes) return print_section(context, options, "volumes");
  if (options.networks) return print_section(context, options, "networks");
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
  auto options = std::make_shared<ConfigOptions>();
  CLI::App* command = commands.add(
      "config",
      {.summary = "print the project as davit understands it",
       .synopsis = "[OPTIONS] [SERVICE...]",
       .description = "Reads the Compose files, resolves everything in them and prints the result in its\n"
                      "canonical form: variables replaced, files merged, short forms long, defaults\n"
                      "filled in. '$' is printed as '$$', so that the result can be loaded again. All\n"
                      "mistakes are reported at once, each with its place.\n"
                      "\n"
                      "--origin puts a comment behind every value: the file and line where it is written,\n"
                      "the line of .env, the variable or the default that a variable got its value from,\n"
                      "what it replaces in earlier files, which 'extends', 'include', anchor or env_file it\n"
                      "came through, and what a !reset took out. The result can be loaded again. With\n"
                      "--format json it is an object with all values, each with its steps.\n"
                      "\n"
                      "--resolve-image-digests pins each image to the one that has its name in the local\n"
                      "store; images that are not there are errors. The digest is the image's id, because\n"
                      "an image that never was in a registry has no other: davit finds images by it, other\n"
                      "engines do not. --lock-image-digests prints that as an override file:\n"
                      "\n"
                      "    davit config --lock-image-digests > lock.yaml\n"
                      "    davit -f compose.yaml -f lock.yaml up\n"
                      "\n"
                      "--diff A B compares two projects and says for each service, network and volume what\n"
                      "was added, removed or changed, with both places, and whether 'up' would make it\n"
                      "anew. A and B are folders, Compose files, or several files with commas between them\n"
                      "that are merged; without B it is the current project, with its -f and override files.\n"
                      "The order of keys does not count, and a copy of a folder is the same as the folder.\n"
                      "\n"
                      "With --format json messages are JSON, too: an object a line on stderr, with code,\n"
                      "severity, message, file, line, column, end_line, end_column, notes and hint. Standard\n"
                      "output has the result only.",
       .examples = "davit config --format json\n"
                   "davit config -q && davit up\n"
                   "davit config --hash '*'\n"
                   "davit config --origin web\n"
                   "davit config --format json -q 2> mistakes.jsonl\n"
                   "davit config --diff compose.yaml compose.yaml,compose.prod.yaml\n"
                   "davit config --diff ../main .",
       .exit_status = "0  the files are right; with --diff: the projects are the same\n"
                      "1  they are not, the mistakes are on stderr; with --diff: the projects differ\n"
                      "2  with --diff: a project could not be read, or the command line is wrong",
       .dry_run = DryRun::Harmless});
  const auto flag = [&](const char* name, bool& to, const char* text) { command->add_flag(name, to, text); };
  command->add_option("--format", options->format, "yaml or json (default: yaml)")->type_name("FORMAT");
  command->add_option("-o,--output", options->output, "write to a file")->type_name("FILE");
  flag("-q,--quiet", options->quiet, "only say what is wrong");
  flag("--origin", options->origin, "say where each value comes from");
  command->add_option("--diff", options->diff, "compare two projects: files or folders; B is the current project")
      ->type_name("A [B]")
      ->expected(1, 2)
      ->allow_extra_args(false);
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
  flag("--resolve-image-digests", options->resolve_image_digests,
       "write images with the digest they have on this machine");
  flag("--lock-image-digests", options->lock_image_digests, "print only that, as an override file");
  command->add_option("services_selected", options->names, "services to print, with their dependencies")
      ->type_name("SERVICE");
  commands.on(command, [options](Context& context) { return config(context, *options); });
}

}  // namespace davit::cli
