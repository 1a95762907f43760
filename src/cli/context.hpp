#pragma once
// What every command has at hand: the global options and the world around the process, passed in so that tests can
// give another one.

#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "davit/base/diagnostic.hpp"
#include "davit/base/files.hpp"

namespace davit::cli {

/// Options before the command (`davit [OPTIONS] COMMAND`), as docker compose has them, and ours for the folders.
struct GlobalOptions {
  std::vector<std::string> files;      ///< -f, in order; empty: search
  std::string project_name;            ///< -p
  std::vector<std::string> profiles;   ///< --profile
  std::vector<std::string> env_files;  ///< --env-file
  std::string project_directory;       ///< --project-directory
  int parallel = -1;                   ///< --parallel; -1: no limit
  std::string progress = "auto";       ///< auto, tty, plain, json, quiet
  std::string ansi = "auto";           ///< never, always, auto
  bool compatibility = false;
  bool dry_run = false;
  bool all_resources = false;
  std::string data_root;  ///< --data-root, DAVIT_DATA_ROOT
  std::string run_root;   ///< --run-root, DAVIT_RUN_ROOT
  std::string runtime;    ///< --runtime: crun, runc or a path
};

/// How messages are written on stderr: for people, or each as one line of JSON for programs.
enum class Messages { Text, Json };

struct Context {
  GlobalOptions global;
  Messages messages = Messages::Text;
  std::map<std::string, std::string> environment;
  std::string cwd;
  DiskFiles files;
  bool stdout_is_terminal = false;
  bool stderr_is_terminal = false;
  bool stdin_is_terminal = false;
  std::string executable;  ///< absolute path of this program
  /// Texts that messages point into and that are in no file, such as a `dockerfile_inline`, by the name they go under.
  std::shared_ptr<std::map<std::string, std::string>> texts = std::make_shared<std::map<std::string, std::string>>();
  /// Writes whole lines to a stream while a display that moves has the end of the terminal; empty: there is none.
  std::function<void(const std::string&, std::FILE*)> write_above_display;

  [[nodiscard]] std::optional<std::string> env(const std::string& name) const;
  /// Whether colour may be used on stderr: --ansi, NO_COLOR, terminal.
  [[nodiscard]] bool colour() const;
  /// The same for stdout.
  [[nodiscard]] bool colour_on_stdout() const;
  /// `executable`, if it is davit: empty in a test program, which must not start itself.
  [[nodiscard]] std::string davit() const;
  /// The folders, from option, environment or default.
  [[nodiscard]] std::string data_root() const;
  [[nodiscard]] std::string run_root() const;

 private:
  [[nodiscard]] bool colour_on(bool is_terminal) const;
};

/// The context of this process. `argv0` finds the executable when /proc is not there.
[[nodiscard]] Context process_context(const char* argv0);

/// Prints to stderr as a compiler would, or as JSON (Context::messages); excerpts are read from disk, or from `sources`
/// when given.
void print(const Context& context, const Diagnostic& diagnostic, const SourceLookup& sources = {});
void print(const Context& context, const Diagnostics& diagnostics, const SourceLookup& sources = {});

/// Thrown when everything has been said and only the exit code is left.
struct ExitWith {
  int code = 0;
};

}  // namespace davit::cli
