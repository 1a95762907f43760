#pragma once
// Folders in which layers are made, and the locks around them.

#include <filesystem>

#include "davit/base/fd.hpp"

namespace davit::image {

/// Makes the folder if it is not there; its parent must be.
void ensure_folder(const std::filesystem::path& folder, unsigned mode);

struct StagingFolder {
  std::filesystem::path path;
  Fd lock;  ///< flock on it, released by the kernel when its maker dies
};

/// A new folder of a unique name below `base`.
[[nodiscard]] StagingFolder make_staging_folder(const std::filesystem::path& base);

/// Removes folders below `base` whose makers are dead.
void remove_abandoned(const std::filesystem::path& base);

enum class LockKind { Shared, ExclusiveNow };
/// flock on a file that is made if it is not there. ExclusiveNow does not wait: an empty Fd says that somebody has it.
[[nodiscard]] Fd lock_file(const std::filesystem::path& file, LockKind kind);

}  // namespace davit::image
