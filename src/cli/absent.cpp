#include "absent.hpp"

#include <cstdio>

#include "davit/base/error.hpp"
#include "help.hpp"

namespace davit::cli {
namespace {

/// "davit build" without the program's name.
std::string name_of(const CLI::App* command) {
  return full_name(command).substr(std::string("davit ").size());
}

std::string longest(const std::string& names) {
  return names.substr(names.rfind("--"));
}

[[noreturn]] void refuse(const std::string& what, const std::string& why) {
  throw Error(Diagnostic::error("not-supported", "'" + what + "' is not supported yet: " + why));
}

/// A command of docker compose that ends in an error here, whatever its flags.
struct AbsentCommand {
  const char* name;
  const char* why;
  const char* hint;
};

constexpr AbsentCommand kAbsent[] = {
    {"watch", "davit does not follow changes of files", "run 'davit up --build' after a change"},
    {"publish", "davit cannot talk to registries", "'davit config -o FILE' writes the project as one file"},
    {"attach", "standard input of a running container is nobody's", "'davit logs -f SERVICE' shows its output"},
    {"commit", "an image is made by a build", "'davit exec' and 'davit cp' change the container itself"},
    {"export", "the file system of a container is not packed", "'davit cp SERVICE:/ -' packs that of a running one"},
    {"bridge", "davit does not convert projects", "'davit config --format json' prints what a converter needs"},
};

}  // namespace

void refuse_flag(CLI::App* command, const std::string& names, const std::string& why) {
  const auto refusal = [command, names, why](std::int64_t) { refuse(name_of(command) + " " + longest(names), why); };
  command->add_flag_function(names, refusal)->group("");
}

void refuse_option(CLI::App* command, const std::string& names, const std::string& why,
                   const std::set<std::string>& harmless) {
  const auto refusal = [command, names, why, harmless](const std::string& value) {
    if (!harmless.contains(value)) refuse(name_of(command) + " " + longest(names) + " " + value, why);
  };
  command->add_option_function<std::string>(names, refusal)->group("");
}

void ignore_flag(CLI::App* command, const std::string& names, const std::string& why) {
  const auto say = [names, why](std::int64_t) {
    std::fprintf(stderr, "warning: %s has no effect: %s\n", longest(names).c_str(), why.c_str());
  };
  command->add_flag_function(names, say)->group("");
}

void add_absent(Commands& commands) {
  for (const AbsentCommand& absent : kAbsent) {
    CLI::App* command = commands.add_hidden(absent.name);
    command->allow_extras();
    command->prefix_command();
    commands.on(command, [&absent](Context&) -> int {
      throw Error(
          Diagnostic::error("not-supported", std::string("'") + absent.name + "' is not supported yet: " + absent.why)
              .with_hint(absent.hint));
    });
  }
}

}  // namespace davit::cli
