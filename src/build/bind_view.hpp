#pragma once
// What `RUN --mount=type=bind` shows of a place.

#include <filesystem>
#include <string>

#include "build/source_tree.hpp"

namespace davit::build {

enum class Writes { Refused, ThrownAway };

/// Mounts, in the calling thread's mount namespace, what a step may see of `path` (resolved, a file or folder that is
/// there), and returns where: without what .dockerignore keeps out, and with what is mounted below it. Nothing of it
/// can be written; with ThrownAway what is written into a folder is seen by this step alone. `work` is a new folder,
/// which outlives the mounts. Throws davit::Error.
[[nodiscard]] std::string mount_bind_view(const SourceTree& tree, const std::string& path, Writes writes,
                                          const std::filesystem::path& work);

}  // namespace davit::build
