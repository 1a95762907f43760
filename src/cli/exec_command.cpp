#include "command_words.hpp"
#include "commands.hpp"
#include "davit/base/error.hpp"
#include "option_values.hpp"
#include "project_loading.hpp"
#include "service_choice.hpp"
#include "session.hpp"
#include "terminal.hpp"

namespace davit::cli {
namespace {

struct Options {
  std::vector<std::string> environment;
  std::string user;
  std::string working_dir;
  int index = 0;
  bool detach = false;
  bool no_tty = false;
  bool privileged = false;
  bool ignored = false;
};

Task<int> exec(Session& session, std::string service, std::vector<std::string> command, Options options) {
  const engine::Observed observed = co_await session.engine().observe();
  const engine::ObservedContainer& container = choose_running(observed, service, options.index);
  embedded::ExecRequest request;
  request.args = std::move(command);
  request.env =
      environment_words(options.environment, [&](const std::string& name) { return session.context().env(name); });
  request.user = std::move(options.user);
  request.working_dir = std::move(options.working_dir);
  request.privileged = options.privileged;
  if (options.detach) {
    try {
      co_await session.engine().exec_detached(container.id, std::move(request));
    } catch (Error& error) {
      error.exit_code(1);  // docker compose's, whatever it was: nobody awaits the command's own
      throw;
    }
    co_return 0;
  }
  request.tty = !options.no_tty && session.context().stdin_is_terminal && session.context().stdout_is_terminal;
  if (request.tty) request.console_size = terminal_size();
  co_return co_await session.engine().exec(container.id, std::move(request));
}

}  // namespace

void add_exec(Commands& commands) {
  auto options = std::make_shared<Options>();
  CLI::App* command = commands.add(
      "exec",
      {.summary = "run a command in a running container",
       .synopsis = "[OPTIONS] SERVICE COMMAND [ARG...]",
       .description = "Runs a command in the first running container of the service, with a terminal if standard\n"
                      "input and output are one. Everything after SERVICE belongs to the command.",
       .examples = "davit exec db psql -U postgres\ndavit exec -T api cat /etc/hosts | grep db",
       .exit_status = "That of the command; 127 if there is no such command or folder, 126 if it cannot be executed,\n"
                      "1 if there is no container, or if nothing could be started with --detach."});
  command->prefix_command();
  command->add_flag("-d,--detach", options->detach, "leave it to itself, without input and output");
  command->add_option("-e,--env", options->environment, "set an environment variable; repeat")
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
  whole_number(command->add_option("--index", options->index, "number of the container, if the service has several")
                   ->type_name("N"),
               {}, "2");
  command->add_flag("-T,--no-tty", options->no_tty, "no terminal, even if there is one");
  command->add_flag("--privileged", options->privileged, "give the command all capabilities");
  command->add_option("-u,--user", options->user, "user, and group after a colon")->type_name("USER");
  command->add_option("-w,--workdir", options->working_dir, "folder in the container")->type_name("DIR");
  command->add_flag("-i,--interactive,-t,--tty", options->ignored)->group("");  // docker's defaults
  commands.on(command, [options, command](Context& context) {
    std::vector<std::string> words = trailing_words(*command);
    if (words.size() < 2)
      throw Error(Diagnostic::error("usage", "exec needs a service and a command")
                      .with_hint("davit exec SERVICE COMMAND [ARG...]"));
    std::string service = words.front();
    words.erase(words.begin());
    Session session(context, load_project_or_name(context).name, "davit exec");
    return session.run(exec(session, std::move(service), std::move(words), *options));
  });
}

}  // namespace davit::cli
