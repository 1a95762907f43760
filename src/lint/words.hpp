#pragma once
// Judging names and values by their words.

#include <string>
#include <string_view>

namespace davit::lint {

/// True when the text has a variable in it: a `$` that is not doubled.
[[nodiscard]] bool has_variable(std::string_view text);

/// True when a variable of this name and value holds a secret: the name ends like one (PASSWORD, TOKEN, API_KEY, …),
/// and the value is not empty, a switch, a path, or a number where the name counts something (MAX_TOKEN). Names of
/// files, such as PASSWORD_FILE, are none.
[[nodiscard]] bool looks_secret(std::string_view name, std::string_view value);

/// Reads like a word for true or false in YAML 1.1: yes, no, on, off in any of its spellings there.
[[nodiscard]] bool is_boolean_word(std::string_view text);

/// The number that YAML 1.1 makes of digits with colons ("22:22" is 1342); -1 when it makes none.
[[nodiscard]] long long base_60(std::string_view text);

}  // namespace davit::lint
