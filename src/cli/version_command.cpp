#include <cstdio>

#include "commands.hpp"
#include "option_values.hpp"

namespace davit::cli {
namespace {

struct Options {
  bool short_form = false;
  std::string format = "pretty";
};

int version(const Options& options) {
  if (options.short_form)
    std::printf("%s\n", DAVIT_VERSION);
  else if (options.format == "json")
    std::printf("{\"version\":\"%s\"}\n", DAVIT_VERSION);
  else
    std::printf("davit version %s\n", DAVIT_VERSION);
  return 0;
}

}  // namespace

void add_version(Commands& commands) {
  auto options = std::make_shared<Options>();
  CLI::App* command = commands.add("version", {.summary = "show the version",
                                               .synopsis = "[OPTIONS]",
                                               .description = "Prints the version of davit.",
                                               .examples = "davit version --short",
                                               .exit_status = "",
                                               .dry_run = DryRun::Harmless});
  command->add_flag("--short", options->short_form, "print the number alone");
  one_of(command->add_option("-f,--format", options->format, "pretty or json")->type_name("FORMAT"),
         {"pretty", "json"});
  commands.on(command, [options](Context&) { return version(*options); });
}

}  // namespace davit::cli
