#include "command_line.hpp"

#include "davit/base/error.hpp"
#include "help.hpp"
#include "option_values.hpp"

namespace davit::cli {
namespace {

constexpr NumberRange kParallel{-1, 1'000'000};
const std::vector<std::string> kProgressModes{"auto", "tty", "plain", "json", "quiet"};
const std::vector<std::string> kAnsiModes{"never", "always", "auto"};

void add_global_options(CLI::App& app, GlobalOptions& g) {
  const auto list = [&](const char* name, std::vector<std::string>& to, const char* text, const char* type) {
    app.add_option(name, to, text)->allow_extra_args(false)->type_name(type);
  };
  list("-f,--file", g.files, "Compose file; repeat to merge several; '-' reads standard input", "FILE");
  app.add_option("-p,--project-name", g.project_name,
                 "name of the project (default: 'name:' of the file, then its folder)")
      ->type_name("NAME")
      ->take_last();
  list("--profile", g.profiles, "enable a profile; '*' enables all", "NAME");
  list("--env-file", g.env_files, "file with variables for interpolation, in place of .env", "FILE");
  app.add_option("--project-directory", g.project_directory, "folder that relative paths start from")->type_name("DIR");
  whole_number(
      app.add_option("--parallel", g.parallel, "most engine operations at once; -1 is no limit")->type_name("N"),
      kParallel, "4");
  one_of(app.add_option("--progress", g.progress, "how progress is shown: auto, tty, plain, json, quiet")
             ->type_name("MODE"),
         kProgressModes);
  one_of(app.add_option("--ansi", g.ansi, "control characters: never, always, auto")->type_name("WHEN"), kAnsiModes);
  app.add_flag("--compatibility", g.compatibility, "join container names with '_'");
  app.add_flag("--dry-run", g.dry_run, "show what would be done, with the reason of every step");
  app.add_flag("--all-resources", g.all_resources, "include networks and volumes that no service uses");
  app.add_option("--data-root", g.data_root, "folder of images, volumes and state")->type_name("DIR");
  app.add_option("--run-root", g.run_root, "folder of sockets and bundles of running projects")->type_name("DIR");
  app.add_option("--runtime", g.runtime, "OCI runtime: crun, runc or a path")->type_name("RUNTIME");
  app.add_option("--workdir", g.project_directory, "old name of --project-directory")->group("");
  for (const char* old : {"--verbose", "--no-ansi", "--insecure-registry"}) app.add_flag(old)->group("");
}

/// The value a variable gives to an option that is not on the command line, as if it stood there.
template <class Value>
void take_variable(const Context& context, CLI::App& app, const char* variable, const char* flag, Value& to) {
  CLI::Option* const option = app.get_option(flag);
  const auto value = context.env(variable);
  if (option->count() > 0 || !value || value->empty()) return;
  try {
    option->add_result(*value);
    option->run_callback();
    to = option->as<Value>();
  } catch (const Error& error) {
    throw Error(Diagnostic(error.diagnostic()).note(std::string("it is the value of the variable ") + variable));
  }
}

}  // namespace

CommandLine::CommandLine(Context& context) : context_(context), commands_(app_, context.global.dry_run) {
  app_.name("davit");
  app_.formatter(std::make_shared<RootFormatter>());
  app_.set_help_flag("-h,--help", "show this page");
  app_.require_subcommand(0, 1);
  app_.add_flag("-v,--version", shows_version_, "show the version");
  add_global_options(app_, context.global);
  add_all(commands_);
  let_the_last_value_count(app_);
}

void CommandLine::take_environment() {
  GlobalOptions& global = context_.global;
  take_variable(context_, app_, "COMPOSE_ANSI", "--ansi", global.ansi);
  take_variable(context_, app_, "COMPOSE_PROGRESS", "--progress", global.progress);
  take_variable(context_, app_, "COMPOSE_PARALLEL_LIMIT", "--parallel", global.parallel);
}

}  // namespace davit::cli
