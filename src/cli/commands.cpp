#include "commands.hpp"

#include "davit/base/error.hpp"
#include "help.hpp"

namespace davit::cli {

CLI::App* Commands::add(const std::string& name, HelpPage page, CLI::App* parent) {
  CLI::App* command = (parent != nullptr ? parent : &root_)->add_subcommand(name, page.summary);
  if (page.dry_run != DryRun::Refused) tryable_.insert(command);
  CLI::Option* const flag =
      command->add_flag("--dry-run", dry_run_, "show what would be done, with the reason of every step");
  if (page.dry_run != DryRun::Shown) flag->group("");
  command->formatter(std::make_shared<ManFormatter>(std::move(page)));
  command->set_help_flag("-h,--help", "show this page");
  return command;
}

CLI::App* Commands::add_hidden(const std::string& name) {
  CLI::App* command = root_.add_subcommand(name, "");
  command->group("");
  return command;
}

void Commands::on(CLI::App* command, Action action) {
  command->final_callback([this, command, action = std::move(action)] {
    chosen_ = action;
    if (!dry_run_ || tryable_.contains(command)) return;
    chosen_ = [name = command->get_name()](Context&) -> int {
      throw Error(Diagnostic::error("no-dry-run", "'" + name + "' cannot be tried with --dry-run"));
    };
  });
}

void add_all(Commands& commands) {
  // In the order in which people meet them.
  add_up(commands);
  add_down(commands);
  add_ps(commands);
  add_logs(commands);
  add_exec(commands);
  add_run(commands);
  add_build(commands);
  add_config(commands);
  add_start(commands);
  add_stop(commands);
  add_restart(commands);
  add_kill(commands);
  add_wait(commands);
  add_port(commands);
  add_ls(commands);
  add_create(commands);
  add_scale(commands);
  add_rm(commands);
  add_pause(commands);
  add_unpause(commands);
  add_cp(commands);
  add_top(commands);
  add_events(commands);
  add_images(commands);
  add_volumes(commands);
  add_stats(commands);
  add_pull(commands);
  add_push(commands);
  add_image_build(commands, add_image(commands));
  add_builder(commands);
  add_lint(commands);
  add_graph(commands);
  add_doctor(commands);
  add_supervisor(commands);
  add_build_cleanup(commands);
  add_version(commands);
  add_absent(commands);
}

}  // namespace davit::cli
