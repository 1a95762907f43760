#include "commands.hpp"

#include "help.hpp"

namespace davit::cli {

CLI::App* Commands::add(const std::string& name, HelpPage page, CLI::App* parent) {
  CLI::App* command = (parent != nullptr ? parent : &root_)->add_subcommand(name, page.summary);
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
  command->final_callback([this, action = std::move(action)] { chosen_ = action; });
}

void add_all(Commands& commands) {
  add_config(commands);
  add_image_build(commands, add_image(commands));
  add_version(commands);
}

}  // namespace davit::cli
