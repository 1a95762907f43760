#pragma once
// "did you mean": the nearest valid name.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace davit {

/// Optimal-string-alignment distance: insertions, deletions, substitutions and swaps of neighbours count one each.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate nearest to `given`, if it is near enough to be meant (at most a third of its length, at least one
/// edit allowed); case does not count. The first of equals wins.
[[nodiscard]] std::optional<std::string> nearest(std::string_view given, const std::vector<std::string>& candidates);

/// "a, b, c" or "a, b, c and 12 more".
[[nodiscard]] std::string join_names(const std::vector<std::string>& names, std::size_t at_most = 12);

/// "1 process", "3 processes". Without `plural` an "s" is added.
[[nodiscard]] std::string counted(std::size_t number, const std::string& singular, const std::string& plural = {});

}  // namespace davit
