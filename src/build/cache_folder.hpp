#pragma once
// The folder behind `RUN --mount=type=cache`.

#include <filesystem>

#include "build/source_tree.hpp"
#include "davit/build/plan.hpp"

namespace davit::build {

/// Makes the folder of a cache mount that nobody has used yet: filled from `from` (null: empty) with owners, modes,
/// links and attributes as they are there. It appears whole or not at all. `work` is a new folder of the build's own,
/// on the same file system; what is left in it after a failure goes with it. One caller at a time for each folder.
/// Throws davit::Error.
void make_cache_folder(const std::filesystem::path& folder, const Mount& mount, const SourceTree* from,
                       const std::filesystem::path& work);

}  // namespace davit::build
