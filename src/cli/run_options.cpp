#include "run_options.hpp"

#include <random>

#include "command_words.hpp"
#include "davit/base/error.hpp"
#include "davit/compose/dotenv.hpp"
#include "service_words.hpp"

namespace davit::cli {
namespace {

std::string random_slug() {
  std::random_device random;
  std::string slug;
  while (slug.size() < 12) slug += "0123456789abcdef"[random() % 16];
  return slug;
}

std::map<std::string, std::string> labels_of(const std::vector<std::string>& words) {
  std::map<std::string, std::string> labels;
  for (const auto& word : words) {
    const auto equals = word.find('=');
    labels.insert_or_assign(word.substr(0, equals), equals == std::string::npos ? "" : word.substr(equals + 1));
  }
  return labels;
}

/// --env over --env-from-file, the first of several files over the others. A name without a value that is not set for
/// the project leaves the file's value alone.
std::map<std::string, std::optional<std::string>> environment_of(const Context& context, const RunFlags& flags,
                                                                 const model::Project& project) {
  std::map<std::string, std::string> values;
  for (const auto& [name, value] : environment_words(flags.environment, variables_of(context, project)))
    values.insert_or_assign(name, value);
  for (const std::string& file : flags.env_files) {
    const auto text = context.files.read(file);
    if (!text) throw Error(text.error());
    Diagnostics problems;
    std::map<std::string, std::string> of_file;
    const auto lookup = [&values](std::string_view name) -> std::optional<std::string> {
      const auto found = values.find(std::string(name));
      if (found == values.end()) return std::nullopt;
      return found->second;
    };
    compose::parse_dotenv(*text, std::make_shared<const std::string>(file), lookup, of_file, problems);
    print(context, problems);
    if (problems.has_errors()) throw ExitWith{1};
    values.merge(of_file);
  }
  return {values.begin(), values.end()};
}

void add_volumes(const RunFlags& flags, model::Project& project, plan::RunOptions& run) {
  for (const std::string& text : flags.volumes) {
    const model::Service read = read_attribute(project, "--volume", "volumes", Form::List, text).value();
    for (const model::Mount& mount : read.volumes) {
      run.volumes.push_back(mount);
      const bool named = mount.type == model::MountType::Volume && !mount.source.empty();
      if (named && !project.volumes.contains(mount.source)) {
        model::Volume& volume = project.volumes[mount.source];
        volume.key = volume.name = mount.source;
      }
    }
  }
}

void check(const Context& context, const RunFlags& flags) {
  if (flags.service_ports && !flags.ports.empty())
    throw Error(Diagnostic::error("flag-conflict", "--service-ports and --publish are incompatible"));
  if (flags.tty && !flags.no_tty && !context.stdin_is_terminal)
    throw Error(Diagnostic::error("no-terminal",
                                  "cannot attach stdin to a TTY-enabled container because stdin is not a terminal"));
}

}  // namespace

plan::RunOptions run_options(const Context& context, const RunFlags& flags, model::Project& project) {
  check(context, flags);
  plan::RunOptions run;
  run.up = plan_options(flags.up).value();
  run.service = flags.service;
  run.slug = random_slug();
  run.name = flags.name;
  run.aliases = flags.use_aliases ? plan::OneOff::Aliases::OfService : plan::OneOff::Aliases::None;
  // Attached, the container is removed here, after its last output was read; detached, the engine does it.
  if (flags.remove && flags.up.detach) run.remove = plan::OneOff::Remove::WhenExited;
  if (flags.service_ports) run.service_ports = plan::RunOptions::ServicePorts::Publish;
  for (const std::string& text : flags.ports) {
    const model::Service read = read_attribute(project, "--publish", "ports", Form::List, text).value();
    run.ports.insert(run.ports.end(), read.ports.begin(), read.ports.end());
  }
  add_volumes(flags, project, run);
  if (!flags.command.empty()) run.command = flags.command;
  if (flags.entrypoint) {
    const model::Service read =
        read_attribute(project, "--entrypoint", "entrypoint", Form::Text, *flags.entrypoint).value();
    run.entrypoint = read.entrypoint.value_or(std::vector<std::string>{});
  }
  run.environment = environment_of(context, flags, project);
  run.labels = labels_of(flags.labels);
  run.cap_add = flags.cap_add;
  run.cap_drop = flags.cap_drop;
  run.user = flags.user;
  run.working_dir = flags.working_dir;
  run.tty = !flags.no_tty && !flags.up.detach && context.stdin_is_terminal && context.stdout_is_terminal;
  run.stdin_open = flags.interactive;
  return run;
}

void add_run_flags(CLI::App* command, RunFlags& flags) {
  const auto list = [&](const char* name, std::vector<std::string>& to, const char* type, const char* text) {
    command->add_option(name, to, text)->allow_extra_args(false)->type_name(type);
  };
  add_create_flags(command, flags.up);
  list("--cap-add", flags.cap_add, "CAPABILITY", "add a capability; repeat");
  list("--cap-drop", flags.cap_drop, "CAPABILITY", "drop a capability; repeat");
  command->add_flag("-d,--detach", flags.up.detach, "leave it running in the background and print its id");
  command->add_option("--entrypoint", flags.entrypoint, "program to run in place of the image's")->type_name("PROGRAM");
  list("-e,--env", flags.environment, "KEY=VALUE", "set an environment variable; repeat");
  list("--env-from-file", flags.env_files, "FILE", "set the environment variables of a file; repeat");
  command->add_flag("-i,--interactive", flags.interactive,
                    "pass standard input on (default); --interactive=false does not");
  list("-l,--label", flags.labels, "KEY=VALUE", "add a label; repeat");
  command->add_option("--name", flags.name, "name of the container")->type_name("NAME");
  command->add_flag("--no-deps", flags.up.no_deps, "do not start what the service depends on");
  command->add_flag("-T,--no-tty,--no-TTY", flags.no_tty, "no terminal, even if there is one");
  list("-p,--publish", flags.ports, "PORT", "publish a port, as under 'ports' in the file; repeat");
  command->add_flag("-q,--quiet", flags.quiet, "show no progress");
  command->add_flag("--rm", flags.remove, "remove the container when it has ended");
  command->add_flag("-P,--service-ports", flags.service_ports, "publish the service's ports");
  command->add_flag("-t,--tty", flags.tty)->group("");
  command->add_flag("--use-aliases", flags.use_aliases, "answer to the service's names on its networks");
  command->add_option("-u,--user", flags.user, "user, and group after a colon")->type_name("USER");
  list("-v,--volume", flags.volumes, "VOLUME", "mount a folder or volume, as under 'volumes' in the file; repeat");
  command->add_option("-w,--workdir", flags.working_dir, "folder in the container")->type_name("DIR");
}

}  // namespace davit::cli
