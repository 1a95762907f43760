// davit lint: what is legal in the files and will hurt.

#include <algorithm>
#include <cstdio>

#include "commands.hpp"
#include "davit/base/error.hpp"
#include "davit/base/suggest.hpp"
#include "davit/lint/output.hpp"
#include "human.hpp"
#include "project_loading.hpp"

namespace davit::cli {
namespace {

constexpr int kFound = 1;
constexpr int kNotLoaded = 2;

struct Options {
  std::string format = "text";
  std::string level = "warning";
  std::string explain;
  std::vector<std::string> ignore;
  bool list = false;
};

void write(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

Severity level_of(const Options& options) {
  for (const Severity severity : {Severity::Note, Severity::Warning, Severity::Error})
    if (lint::to_string(severity) == options.level) return severity;
  throw Error(Diagnostic::error("usage", "unknown level '" + options.level + "', allowed are note, warning and error"));
}

void check_format(const Options& options) {
  if (options.format != "text" && options.format != "json" && options.format != "sarif")
    throw Error(
        Diagnostic::error("usage", "unknown format '" + options.format + "', allowed are text, json and sarif"));
}

const lint::Rule& rule_of(const std::string& code) {
  if (const lint::Rule* rule = lint::find_rule(code)) return *rule;
  std::vector<std::string> codes;
  for (const lint::Rule* rule : lint::rules()) codes.emplace_back(rule->code);
  auto item = Diagnostic::error("usage", "unknown rule '" + code + "'");
  const auto near = nearest(code, codes);
  item.with_hint(near ? "did you mean '" + *near + "'?" : "'davit lint --list' shows the rules");
  throw Error(std::move(item));
}

int list_rules() {
  std::vector<std::vector<std::string>> rows{{"RULE", "SEVERITY", "FINDS"}};
  for (const lint::Rule* rule : lint::rules())
    rows.push_back({std::string(rule->code), std::string(lint::to_string(rule->severity)), std::string(rule->title)});
  write(table(rows));
  return 0;
}

/// Takes out what the command line does not want; returns how many are below the level.
std::size_t filter(lint::Report& report, const Options& options) {
  for (const std::string& code : options.ignore) (void)rule_of(code);
  std::erase_if(report.findings, [&](const lint::Finding& finding) {
    return std::find(options.ignore.begin(), options.ignore.end(), finding.rule->code) != options.ignore.end();
  });
  const Severity level = level_of(options);
  return std::erase_if(report.findings, [&](const lint::Finding& finding) { return finding.rule->severity < level; });
}

std::string as_program_reads(const lint::Report& report, const Options& options) {
  return options.format == "json" ? lint::as_json(report) : lint::as_sarif(report, DAVIT_VERSION);
}

int check(const Context& context, const Options& options) {
  compose::LoadRequest request = load_request(context);
  lint::prepare(request.options);
  const compose::LoadResult result = compose::load(request, context.files);
  const SourceLookup sources = result.sources.lookup();
  if (!result.loaded) {
    if (options.format == "text")
      print(context, result.diagnostics, sources);
    else
      write(as_program_reads(lint::failure(result), options));
    return kNotLoaded;
  }
  lint::Report report = lint::check(result, context.files);
  print(context, report.others, sources);
  const std::size_t hidden = filter(report, options);
  if (options.format == "text")
    write(lint::as_text(report, hidden, sources, {.colour = context.colour_on_stdout()}));
  else
    write(as_program_reads(report, options));
  return report.findings.empty() ? 0 : kFound;
}

int run_lint(Context& context, const Options& options) {
  check_format(options);
  // Sarif is for programs, too.
  if (options.format != "text") context.messages = Messages::Json;
  if (options.list) return list_rules();
  if (!options.explain.empty()) {
    write(lint::rule_page(rule_of(options.explain)));
    return 0;
  }
  return check(context, options);
}

}  // namespace

void add_lint(Commands& commands) {
  auto options = std::make_shared<Options>();
  CLI::App* command = commands.add(
      "lint", {.summary = "find what is legal in the files and will hurt",
               .synopsis = "[OPTIONS]",
               .description = "Looks for secrets written into the file, images without a version, databases that\n"
                              "are open to the network, dependencies that nobody waits for, values that YAML\n"
                              "reads otherwise than people do, paths that do not exist, and more. Services of\n"
                              "inactive profiles are looked at, too. Nothing is started or changed.\n"
                              "\n"
                              "What is meant as it is can be silenced in the file, at a service, at a volume or\n"
                              "network, or at the top level, best with a reason:\n"
                              "\n"
                              "    x-davit-lint: {engine-socket: the proxy reads labels of containers}\n"
                              "\n"
                              "A list of rules, [engine-socket], does without reasons.\n"
                              "\n"
                              "With --format json or sarif, mistakes because of which the files do not load are\n"
                              "results like findings. What else is to be said is on stderr as JSON, an object a\n"
                              "line, with the members of a finding.",
               .examples = "davit lint\n"
                           "davit lint --level note --ignore fixed-container-name\n"
                           "davit lint --explain image-not-pinned\n"
                           "davit lint --format sarif > lint.sarif",
               .exit_status = "0  nothing was found\n"
                              "1  something was found at or above the level, or the command line is wrong\n"
                              "2  the files have mistakes; 'davit config -q' says the same"});
  command->add_option("--format", options->format, "text, json or sarif (default: text)")->type_name("FORMAT");
  command
      ->add_option("--level", options->level,
                   "the least severity that is shown and counts: note, warning or error (default: warning)")
      ->type_name("LEVEL");
  command->add_option("--ignore", options->ignore, "leave out a rule; repeat for several")
      ->allow_extra_args(false)
      ->type_name("RULE");
  command->add_flag("--list", options->list, "list the rules");
  command->add_option("--explain", options->explain, "show the page of a rule: why, an example, what to do")
      ->type_name("RULE");
  commands.on(command, [options](Context& context) { return run_lint(context, *options); });
}

}  // namespace davit::cli
