#pragma once
// The grammar of `.env` and `env_file`: KEY=value lines with quotes, escapes, comments and variables.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "davit/base/diagnostic.hpp"
#include "davit/compose/variables.hpp"

namespace davit::compose {

/// Where variables are written: the line of an env file. Those of the process environment have no place.
using VariablePlaces = std::map<std::string, Span>;

/// A line of an env file that gave a variable a value.
struct WrittenVariable {
  std::string name;
  std::string value;
  Span where;  ///< of the name
  /// The variables in the value. A name alone, which takes its value from elsewhere, has itself here.
  std::vector<ReplacedVariable> replaced;
  bool bare = false;  ///< a name alone
};

/// The value of a variable outside of the file; nullopt when it is unset.
using EnvLookup = std::function<std::optional<std::string>(std::string_view name)>;

/// Reads a `.env` text into `values` (later lines win, and win over what is there). Optional `export`; `=` or `:`;
/// single quotes are literal; double quotes know \n \r \t \" \\ \$ and variables; unquoted values end at " #" and know
/// variables; quoted values may span lines. A bare KEY takes its value from `lookup` and is left out when unset.
/// Variables are looked up in `lookup` first, then among `values`. `file` is the name in spans. An unset variable is a
/// warning. `written`, if given, gets what is read, line by line.
void parse_dotenv(std::string_view text, const std::shared_ptr<const std::string>& file, const EnvLookup& lookup,
                  std::map<std::string, std::string>& values, Diagnostics& diagnostics,
                  std::vector<WrittenVariable>* written = nullptr);

/// Reads the `format: raw` of env_file, the grammar of `docker run --env-file`: lines KEY=value taken literally, KEY
/// alone takes its value from `lookup`, lines that start with '#' are comments.
void parse_raw_env(std::string_view text, const std::shared_ptr<const std::string>& file, const EnvLookup& lookup,
                   std::map<std::string, std::string>& values, Diagnostics& diagnostics,
                   std::vector<WrittenVariable>* written = nullptr);

}  // namespace davit::compose
