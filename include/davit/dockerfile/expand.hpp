#pragma once
// Shell-style words of a Dockerfile: quotes, escapes, and variables in all the forms BuildKit knows
// (reference.md "Environment replacement").

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "davit/base/result.hpp"

namespace davit::dockerfile {

/// The value of a variable, nullopt when it is not set.
using Lookup = std::function<std::optional<std::string>(std::string_view name)>;

struct ExpandError {
  std::size_t offset = 0;  ///< in bytes from the start of the word
  std::string message;
};

struct Expanded {
  std::string text;
  std::vector<std::string> unset;  ///< names that were used without a value and without a default
};

enum class Quotes {
  Remove,  ///< quotes and escapes are syntax, as in ENV or COPY paths
  Keep,    ///< quotes are data, as in the body of a COPY heredoc
};

/// Expands one word: $v ${v} ${v:-w} ${v-w} ${v:+w} ${v+w} ${v:?w} ${v?w} ${v#p} ${v##p} ${v%p} ${v%%p} ${v/p/r}
/// ${v//p/r}. The error says what is wrong; a failing `:?` is an error "name: text".
[[nodiscard]] Result<Expanded, ExpandError> expand(std::string_view word, const Lookup& lookup, char escape = '\\',
                                                   Quotes quotes = Quotes::Remove);

/// As expand, then split at blanks that came from outside quotes (EXPOSE).
[[nodiscard]] Result<std::vector<std::string>, ExpandError> expand_to_words(std::string_view text, const Lookup& lookup,
                                                                            char escape = '\\');

}  // namespace davit::dockerfile
