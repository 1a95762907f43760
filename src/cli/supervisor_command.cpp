#include "commands.hpp"
#include "davit/embedded/supervisor.hpp"

namespace davit::cli {

void add_supervisor(Commands& commands) {
  auto project = std::make_shared<std::string>();
  CLI::App* command = commands.add_hidden("supervisor");
  command->add_option("--project", *project)->required();
  commands.on(command, [project](Context& context) {
    embedded::EngineOptions options;
    options.project = *project;
    options.data_root = context.data_root();
    options.run_root = context.run_root();
    return embedded::run_supervisor(options);
  });
}

}  // namespace davit::cli
