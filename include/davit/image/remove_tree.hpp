#pragma once
// Removing folders that hold anything a layer can hold.

#include <filesystem>
#include <string>

namespace davit::image {

/// Removes what `name` is below `parent`, with all below it; links are not followed. What is not there is no error;
/// anything else throws davit::Error.
void remove_tree_at(int parent, const std::string& name);

/// The same by path.
void remove_tree(const std::filesystem::path& path);

}  // namespace davit::image
