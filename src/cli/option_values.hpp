#pragma once
// What the value of an option may be, said once where the option is declared. A bad value ends the command line with an
// Error in the words of docker compose (pflag), and with what is allowed.

#include <CLI/App.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "davit/base/diagnostic.hpp"

namespace davit::cli {

/// One of these words, as written. Returns the option.
CLI::Option* one_of(CLI::Option* option, std::vector<std::string> allowed);

struct NumberRange {
  std::int64_t least = 0;
  std::int64_t most = 2'147'483'647;
};
/// A whole number, decimal, or the word `also` if there is one. `example` is a good value for the hint. Returns the
/// option.
CLI::Option* whole_number(CLI::Option* option, NumberRange range, const std::string& example,
                          const std::string& also = {});

/// The seconds of a --timeout: -1 means "as the file says". docker compose takes any negative number for that.
CLI::Option* seconds(CLI::Option* option);

/// Settles for all commands what docker compose does with options that are given twice: the last one counts.
void let_the_last_value_count(CLI::App& app);

/// What the parser could not do, in docker compose's words; `app` is the chosen command.
[[nodiscard]] Diagnostic parse_problem(const CLI::App& app, const CLI::ParseError& error);

}  // namespace davit::cli
