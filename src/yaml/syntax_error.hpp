#pragma once
// What is wrong with a text that is no YAML, in the words of people who write files.

#include <string>

#include "source.hpp"

namespace davit::yaml {

/// A message for what the parser says (`problem`) at an offset. The parser knows the rule that was broken; the cause is
/// found in the lines around, and mostly stands before that place.
[[nodiscard]] Diagnostic syntax_error(const Source& source, const std::string& problem, std::size_t at);

}  // namespace davit::yaml
