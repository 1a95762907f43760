#pragma once
// Commands of which a part is somebody else's command line: `exec`, `run`.

#include <CLI/App.hpp>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "context.hpp"
#include "davit/base/diagnostic.hpp"
#include "davit/model/project.hpp"

namespace davit::cli {

/// "unknown flag: --xy", with the nearest flag of the command.
[[nodiscard]] Diagnostic unknown_flag(const CLI::App& command, const std::string& word);

/// The words behind the flags of a command that was set up with prefix_command(): the service and what it is to run.
/// Throws Error for a flag in front of them that the command does not have.
[[nodiscard]] std::vector<std::string> trailing_words(const CLI::App& command);

using Lookup = std::function<std::optional<std::string>(const std::string& name)>;

/// The variables that count for a project: those of this process over those of its env files. Both outlive it.
[[nodiscard]] Lookup variables_of(const Context& context, const model::Project& project);

/// Words of --env: "K=V" as it stands; "K" alone takes the value that `lookup` knows, and is left out when there is
/// none.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> environment_words(const std::vector<std::string>& words,
                                                                                 const Lookup& lookup);

/// Whether a variable such as COMPOSE_REMOVE_ORPHANS says yes, in docker compose's words: 1, t, true and y in any case.
[[nodiscard]] bool is_yes(const std::optional<std::string>& value);

}  // namespace davit::cli
