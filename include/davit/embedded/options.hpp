#pragma once
// Where one project's engine lives, and which programs it uses.

#include <functional>
#include <string>
#include <vector>

namespace davit::embedded {

struct EngineOptions {
  std::string project;
  std::string data_root;  ///< absolute
  std::string run_root;   ///< absolute
  /// The command line that runs the supervisor of this project, argv[0] absolute: normally
  /// {"/proc/self/exe's target", "supervisor", "--project", P, "--data-root", D, "--run-root", R}.
  std::vector<std::string> supervisor_command;
  std::string keeper_program;  ///< absolute path of davit-keeper; empty: beside davit or in ../libexec/davit
  std::string cause;           ///< what the journal says led to the changes: the user's command line, "davit up -d"
  /// Told what is waited for when that takes long. Empty: nobody is told.
  std::function<void(const std::string&)> notice;
};

}  // namespace davit::embedded
