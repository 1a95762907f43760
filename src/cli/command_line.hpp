#pragma once
// The whole command line: global options and every command, as the parser knows them.

#include <CLI/CLI.hpp>

#include "commands.hpp"

namespace davit::cli {

class CommandLine {
 public:
  /// What is parsed goes to `context.global`, which outlives this.
  explicit CommandLine(Context& context);
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  [[nodiscard]] CLI::App& app() { return app_; }
  [[nodiscard]] const Commands& commands() const { return commands_; }
  [[nodiscard]] bool shows_version() const { return shows_version_; }

  /// After parsing: COMPOSE_ANSI, COMPOSE_PROGRESS and COMPOSE_PARALLEL_LIMIT stand for options that were not given.
  /// Throws Error for a value that the option would not take.
  void take_environment();

 private:
  Context& context_;
  CLI::App app_;
  bool shows_version_ = false;
  Commands commands_;
};

}  // namespace davit::cli
