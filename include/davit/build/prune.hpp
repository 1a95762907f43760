#pragma once
// The build cache of a data root as it is, and how it is made smaller.

#include <filesystem>
#include <functional>
#include <vector>

#include "davit/base/diagnostic.hpp"
#include "davit/build/cache_policy.hpp"
#include "davit/image/image_store.hpp"

namespace davit::build {

/// All of it, in no order. Measures cache mounts that were used since they were measured last: walks their folders.
[[nodiscard]] std::vector<CacheItem> cache_items(image::ImageStore& store);

/// Size and free room of the file system that holds the folder. Throws davit::Error.
[[nodiscard]] Disk disk_of(const std::filesystem::path& folder);

struct Pruned {
  enum class Steps { Done, Busy };  ///< Busy: somebody makes layers, so no step was removed
  std::vector<CacheItem> removed;
  Steps steps = Steps::Done;
};

/// Removes what the rules say, and all layers that nothing uses any more. Never what a build is at work with, and no
/// layer of an image. `warn` is told what could not be removed. Killed, it leaves nothing that the next build or
/// pruning does not remove. Blocks. Throws davit::Error.
Pruned prune_cache(image::ImageStore& store, const std::vector<CacheRule>& rules,
                   const std::function<void(const Diagnostic&)>& warn);

/// Whether a build that has done something should see to the cache: is_due() since the last time. The first question in
/// a data root counts as a time.
[[nodiscard]] bool automatic_pruning_is_due(const std::filesystem::path& data_root) noexcept;

/// Prunes by the automatic rules if that is due, also tables of contexts that were not built for 60 days.
/// What could not be removed is kept for tell_of_last_pruning().
void prune_automatically(const std::filesystem::path& data_root);

/// Tells once what the last automatic pruning could not remove.
void tell_of_last_pruning(const std::filesystem::path& data_root, const std::function<void(const Diagnostic&)>& warn);

}  // namespace davit::build
