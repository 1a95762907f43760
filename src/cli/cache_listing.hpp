#pragma once
// What `builder du` and `builder prune` print: docker buildx's form.

#include <cstdint>
#include <string>
#include <vector>

#include "davit/build/cache_policy.hpp"

namespace davit::cli {

/// One line an item, the smallest first; `now` in ns since 1970. A '*' after an id: a cache mount, which changes; after
/// a size: an image has the layer, too.
[[nodiscard]] std::string cache_table(std::vector<build::CacheItem> items, std::int64_t now);

/// All that is known of each, as a block of lines.
[[nodiscard]] std::string cache_blocks(std::vector<build::CacheItem> items, std::int64_t now);

/// What is shared with images, what could be had back, and how much it is altogether.
[[nodiscard]] std::string cache_totals(const std::vector<build::CacheItem>& items);

}  // namespace davit::cli
