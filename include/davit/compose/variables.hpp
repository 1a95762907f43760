#pragma once
// Which variables a Compose file uses.

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

/// All variables in the strings of a tree that was not interpolated, by name; a later use replaces an earlier one.
[[nodiscard]] std::map<std::string, VariableUse> variables_in(const yaml::Node& tree);

}  // namespace davit::compose
