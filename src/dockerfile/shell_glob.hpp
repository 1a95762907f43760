#pragma once
// The patterns of `${v#p}`, `${v%p}` and `${v/p/r}`: `*`, `?` and backslash escapes, no bracket sets.

#include <string>
#include <string_view>

namespace davit::dockerfile {

[[nodiscard]] std::string trim_prefix(std::string_view value, std::string_view pattern, bool longest);
[[nodiscard]] std::string trim_suffix(std::string_view value, std::string_view pattern, bool longest);
/// The first or every match, each as long as possible; `replacement` is plain text.
[[nodiscard]] std::string replace_matches(std::string_view value, std::string_view pattern,
                                          std::string_view replacement, bool all);

}  // namespace davit::dockerfile
