#pragma once
// Commands of which a part is somebody else's command line: `exec`, `run`.

#include <CLI/App.hpp>
#include <string>
#include <vector>

#include "context.hpp"
#include "davit/base/diagnostic.hpp"

namespace davit::cli {

/// "unknown flag: --xy", with the nearest flag of the command.
[[nodiscard]] Diagnostic unknown_flag(const CLI::App& command, const std::string& word);

/// The words behind the flags of a command that was set up with prefix_command(): the service and what it is to run.
/// Throws Error for a flag in front of them that the command does not have.
[[nodiscard]] std::vector<std::string> trailing_words(const CLI::App& command);

/// Words of --env: "K=V" as it stands; "K" alone takes the value of this process, and is left out when there is none.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> environment_words(const Context& context,
                                                                                 const std::vector<std::string>& words);

}  // namespace davit::cli
