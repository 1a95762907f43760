#pragma once
// Names in an archive, before they are anywhere near a file system.

#include <optional>
#include <string>
#include <string_view>

namespace davit::image {

/// The name relative to the root, without "./", "//", trailing slashes and "..": "" is the root itself. nullopt when
/// ".." leaves the root.
[[nodiscard]] std::optional<std::string> clean_entry_path(std::string_view name);

struct SplitPath {
  std::string_view parent;  ///< "" for the root
  std::string_view name;
};
/// Of a clean path that is not "". The views are into it.
[[nodiscard]] SplitPath split_entry_path(std::string_view path);

}  // namespace davit::image
