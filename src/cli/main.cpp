#include "davit/cli/main.hpp"

#include <algorithm>
#include <cstdio>
#include <exception>

#include "command_line.hpp"
#include "command_words.hpp"
#include "davit/base/error.hpp"
#include "davit/base/suggest.hpp"
#include "davit/process/descriptors.hpp"
#include "option_values.hpp"
#include "standard_output.hpp"

namespace davit::cli {
namespace {

constexpr int kFailed = 1;

/// What the parser could not make sense of, in docker's words, with the nearest flag or command.
Diagnostic usage_error(const CLI::App& root, const std::string& word) {
  const CLI::App* app = &root;
  while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
  if (word.starts_with("-")) return unknown_flag(*app, word);
  std::vector<std::string> known;
  for (const auto* sub : app->get_subcommands([](const CLI::App* s) { return !s->get_group().empty(); }))
    known.push_back(sub->get_name());
  auto d = Diagnostic::error("unknown-command", "unknown command '" + word + "'");
  if (const auto near = nearest(word, known))
    d.with_hint("did you mean '" + *near + "'?");
  else
    d.with_hint("'davit --help' lists the commands");
  return d;
}

/// The exit code of a wrong command line. For `config --diff`, 1 says that the projects differ, and all trouble is 2.
int failure_of(const CLI::App& root, int argc, char** argv) {
  const auto chosen = root.get_subcommands();
  const bool config = !chosen.empty() && chosen.front()->get_name() == "config";
  const auto is_diff = [](std::string_view word) { return word == "--diff" || word.starts_with("--diff="); };
  return config && std::any_of(argv, argv + argc, is_diff) ? 2 : kFailed;
}

int run_chosen(Context& context, int argc, char** argv) {
  CommandLine line(context);
  CLI::App& app = line.app();
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& e) {
    return app.exit(e);
  } catch (const CLI::ExtrasError&) {
    std::vector<std::string> extra = app.remaining(true);
    print(context, usage_error(app, extra.empty() ? "" : extra.front()));
    return failure_of(app, argc, argv);
  } catch (const CLI::ParseError& e) {
    const CLI::App* command = &app;
    while (!command->get_subcommands().empty()) command = command->get_subcommands().front();
    print(context, parse_problem(*command, e));
    return failure_of(app, argc, argv);
  }
  line.take_environment();
  if (line.shows_version()) {
    std::printf("davit version %s\n", DAVIT_VERSION);
    return 0;
  }
  if (!line.commands().chosen()) {
    const CLI::App* group = &app;
    while (!group->get_subcommands().empty()) group = group->get_subcommands().front();
    const std::string page = group->help();
    std::printf("%s%s", page.c_str(), page.ends_with("\n") ? "" : "\n");
    return 0;
  }
  return line.commands().chosen()(context);
}

/// A command that did well, and whose output is lost, has failed.
int with_output(const Context& context, int code) {
  const auto lost = finish_output(stdout);
  if (!lost) return code;
  print(context, *lost);
  return code == 0 ? kFailed : code;
}

}  // namespace

int run(int argc, char** argv) noexcept {
  try {
    process::hold_standard_descriptors();
    process::use_all_descriptors();
    Context context = process_context(argv[0]);
    try {
      return with_output(context, run_chosen(context, argc, argv));
    } catch (const ExitWith& e) {
      return with_output(context, e.code);
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
