#include "davit/cli/main.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "command_words.hpp"
#include "commands.hpp"
#include "davit/base/error.hpp"
#include "davit/base/suggest.hpp"
#include "help.hpp"

namespace davit::cli {
namespace {

constexpr int kFailed = 1;

void add_global_options(CLI::App& app, GlobalOptions& g) {
  const auto list = [&](const char* name, std::vector<std::string>& to, const char* text, const char* type) {
    app.add_option(name, to, text)->allow_extra_args(false)->type_name(type);
  };
  list("-f,--file", g.files, "Compose file; repeat to merge several; '-' reads standard input", "FILE");
  app.add_option("-p,--project-name", g.project_name, "name of the project (default: 'name:' of the file, then its folder)")
      ->type_name("NAME")
      ->take_last();
  list("--profile", g.profiles, "enable a profile; '*' enables all", "NAME");
  list("--env-file", g.env_files, "file with variables for interpolation, in place of .env", "FILE");
  app.add_option("--project-directory", g.project_directory, "folder that relative paths start from")->type_name("DIR");
  app.add_option("--parallel", g.parallel, "most engine operations at once; -1 is no limit")->type_name("N");
  app.add_option("--progress", g.progress, "how progress is shown: auto, tty, plain, json, quiet")->type_name("MODE");
  app.add_option("--ansi", g.ansi, "control characters: never, always, auto")->type_name("WHEN");
  app.add_flag("--compatibility", g.compatibility, "join container names with '_'");
  app.add_flag("--dry-run", g.dry_run, "show what would be done, with the reason of every step");
  app.add_flag("--all-resources", g.all_resources, "include networks and volumes that no service uses");
  app.add_option("--data-root", g.data_root, "folder of images, volumes and state")->type_name("DIR");
  app.add_option("--run-root", g.run_root, "folder of sockets and bundles of running projects")->type_name("DIR");
  app.add_option("--runtime", g.runtime, "OCI runtime: crun, runc or a path")->type_name("RUNTIME");
  for (const char* old : {"--verbose", "--no-ansi", "--insecure-registry"}) app.add_flag(old)->group("");
}

/// What the parser could not make sense of, in docker's words, with the nearest flag or command.
Diagnostic usage_error(const CLI::App& root, const std::string& word) {
  const CLI::App* app = &root;
  while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
  if (word.starts_with("-")) return unknown_flag(*app, word);
  std::vector<std::string> known;
  for (const auto* sub : app->get_subcommands([](const CLI::App* s) { return !s->get_group().empty(); }))
    known.push_back(sub->get_name());
  auto d = Diagnostic::error("unknown-command", "unknown command '" + word + "'");
  if (const auto near = nearest(word, known)) d.with_hint("did you mean '" + *near + "'?");
  else d.with_hint("'davit --help' lists the commands");
  return d;
}

int run_chosen(Context& context, int argc, char** argv) {
  CLI::App app;
  app.name("davit");
  app.formatter(std::make_shared<RootFormatter>());
  app.set_help_flag("-h,--help", "show this page");
  app.require_subcommand(0, 1);
  bool show_version = false;
  app.add_flag("-v,--version", show_version, "show the version");
  add_global_options(app, context.global);
  Commands commands(app, context.global.dry_run);
  add_all(commands);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& e) {
    return app.exit(e);
  } catch (const CLI::ExtrasError&) {
    std::vector<std::string> extra = app.remaining(true);
    print(context, usage_error(app, extra.empty() ? "" : extra.front()));
    return kFailed;
  } catch (const CLI::ParseError& e) {
    print(context, Diagnostic::error("usage", e.what()));
    return kFailed;
  }
  if (show_version) {
    std::printf("davit version %s\n", DAVIT_VERSION);
    return 0;
  }
  if (!commands.chosen()) {
    const CLI::App* group = &app;
    while (!group->get_subcommands().empty()) group = group->get_subcommands().front();
    std::fputs(group->help().c_str(), stdout);
    return 0;
  }
  return commands.chosen()(context);
}

}  // namespace

int run(int argc, char** argv) noexcept {
  try {
    Context context = process_context(argv[0]);
    try {
      return run_chosen(context, argc, argv);
    } catch (const ExitWith& e) {
      return e.code;
    } catch (const Error& e) {
      print(context, e.diagnostic());
      return e.exit_code();
    } catch (const std::exception& e) {
      print(context, Diagnostic::error("internal", std::string("unexpected: ") + e.what()));
      return kFailed;
    }
  } catch (...) {
    std::fputs("error: davit could not start\n", stderr);
    return kFailed;
  }
}

}  // namespace davit::cli
