// `davit build-cleanup ID`: what the guard of a build becomes when the build has ended or was killed. It also sees to
// the build cache, now and then, so that nobody waits for that.

#include "commands.hpp"
#include "davit/build/cleanup.hpp"
#include "davit/build/prune.hpp"

namespace davit::cli {

void add_build_cleanup(Commands& commands) {
  struct Words {
    std::string id;
    int busy = -1;
  };
  auto words = std::make_shared<Words>();
  CLI::App* command = commands.add_hidden("build-cleanup");
  command->add_option("id", words->id)->required();
  command->add_option("busy", words->busy)->required();
  commands.on(command, [words](Context& context) {
    build::clear_dead_build(context.data_root(), words->id, words->busy);
    build::prune_automatically(context.data_root());
    return 0;
  });
}

}  // namespace davit::cli
