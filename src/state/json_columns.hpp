#pragma once
// Columns that hold JSON.

#include <string>
#include <vector>

#include "davit/state/values.hpp"

namespace davit::state {

[[nodiscard]] std::string to_json(const StringMap& map);
[[nodiscard]] std::string to_json(const std::vector<std::string>& list);
/// Throws davit::Error when the column holds something else: the database was edited by hand.
[[nodiscard]] StringMap map_from_json(const std::string& text);
[[nodiscard]] std::vector<std::string> list_from_json(const std::string& text);

}  // namespace davit::state
