#pragma once
// Which variables a Compose file uses.

#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include "davit/yaml/node.hpp"

namespace davit::compose {

/// A variable as it is used in a text.
struct VariableUse {
  std::string name;
  bool required = false;                     ///< `${V:?…}`
  std::optional<std::string> default_value;  ///< `${V:-…}`
  std::optional<std::string> alternative;    ///< `${V:+…}`
};

/// A part of a text: from a byte to the one behind its end.
struct TextPart {
  std::size_t from = 0;
  std::size_t to = static_cast<std::size_t>(-1);
  friend bool operator==(const TextPart&, const TextPart&) = default;
};

/// What took the place of a variable's expression.
struct ReplacedVariable {
  enum class By { Value, Default, Nothing } by = By::Value;  ///< Value: the variable is set, be it for `:+`
  std::string name;
  TextPart part;  ///< of the result
};

/// All variables in the strings of a tree that was not interpolated, by name; a later use replaces an earlier one.
[[nodiscard]] std::map<std::string, VariableUse> variables_in(const yaml::Node& tree);

}  // namespace davit::compose
