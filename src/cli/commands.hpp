#pragma once
// The table of commands. Each lives in a file of its own, `<name>_command.cpp`, and adds itself through one function
// declared here: its flags, its help page, and what it does.

#include <CLI/App.hpp>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "context.hpp"

namespace davit::cli {

/// What `--dry-run` means for a command.
enum class DryRun {
  Refused,   ///< it cannot be tried
  Shown,     ///< it says what it would do
  Harmless,  ///< it changes nothing anyway
};

/// The parts of a command's help page that its flags do not say.
struct HelpPage {
  std::string summary;      ///< one line, for the list of commands
  std::string synopsis;     ///< "[OPTIONS] [SERVICE...]"
  std::string description;  ///< paragraphs, wrapped by the author at 76 columns
  std::string examples;     ///< lines as they are shown
  std::string exit_status;  ///< lines as they are shown; empty: 0 on success, 1 on error
  DryRun dry_run = DryRun::Refused;
};

using Action = std::function<int(Context&)>;  ///< returns the exit code

/// Collects commands while the command line is set up, and remembers the chosen one.
class Commands {
 public:
  /// `dry_run` is the flag of that name, which may stand before or behind the name of a command.
  Commands(CLI::App& root, bool& dry_run) : root_(root), dry_run_(dry_run) {}

  /// A new command; `parent` for commands of a group such as `image`.
  CLI::App* add(const std::string& name, HelpPage page, CLI::App* parent = nullptr);
  /// A command that is not shown in help.
  CLI::App* add_hidden(const std::string& name);
  /// What to do when `command` was given. With --dry-run a command that has none ends in an Error.
  void on(CLI::App* command, Action action);

  [[nodiscard]] const Action& chosen() const { return chosen_; }
  [[nodiscard]] CLI::App& root() { return root_; }

 private:
  CLI::App& root_;
  bool& dry_run_;
  std::set<const CLI::App*> tryable_;  ///< commands for which --dry-run means something
  Action chosen_;
};

// Commands of docker compose.
void add_up(Commands& commands);
void add_down(Commands& commands);
void add_ps(Commands& commands);
void add_logs(Commands& commands);
void add_exec(Commands& commands);
void add_run(Commands& commands);
void add_build(Commands& commands);
void add_config(Commands& commands);
void add_start(Commands& commands);
void add_stop(Commands& commands);
void add_restart(Commands& commands);
void add_kill(Commands& commands);
void add_wait(Commands& commands);
void add_port(Commands& commands);
void add_ls(Commands& commands);
void add_create(Commands& commands);
void add_scale(Commands& commands);
void add_rm(Commands& commands);
void add_pause(Commands& commands);
void add_unpause(Commands& commands);
void add_top(Commands& commands);
void add_images(Commands& commands);
void add_events(Commands& commands);
void add_volumes(Commands& commands);
void add_cp(Commands& commands);
void add_version(Commands& commands);
void add_stats(Commands& commands);
void add_pull(Commands& commands);
void add_push(Commands& commands);
/// Those that davit does not have, and refuses.
void add_absent(Commands& commands);

// Our own.
/// `image` with import, load, ls, rm, inspect; returns the group, for `image build`.
CLI::App* add_image(Commands& commands);
void add_image_build(Commands& commands, CLI::App* image);
/// `builder` with du and prune: the build cache.
void add_builder(Commands& commands);
void add_lint(Commands& commands);
void add_graph(Commands& commands);
void add_doctor(Commands& commands);
/// Hidden: what the keeper runs.
void add_supervisor(Commands& commands);
/// Hidden: what the guard of a build runs.
void add_build_cleanup(Commands& commands);

/// All of the above, in the order of the help page.
void add_all(Commands& commands);

}  // namespace davit::cli
