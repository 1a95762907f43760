#pragma once
// What docker compose has and davit has not: taken from the command line, and refused with the reason.

#include <CLI/App.hpp>
#include <set>
#include <string>

#include "commands.hpp"

namespace davit::cli {

/// Refuses a flag that takes no value: "'build --push' is not supported yet: <why>". It is not in the help page.
void refuse_flag(CLI::App* command, const std::string& names, const std::string& why);

/// Refuses an option with a value, but for the values that ask for what davit does anyway.
void refuse_option(CLI::App* command, const std::string& names, const std::string& why,
                   const std::set<std::string>& harmless = {});

/// Takes a flag that has no effect here, and says so when it is given.
void ignore_flag(CLI::App* command, const std::string& names, const std::string& why);

}  // namespace davit::cli
