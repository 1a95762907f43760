#pragma once
// What the build cache gives up: by age, by size, by how full the disk is. Pure.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace davit::build {

/// The result of a step, or the folder of a cache mount.
struct CacheItem {
  enum class Kind { Step, Mount };
  /// Who else needs it. An image has the layer of a step, too: without the record it stays, and nothing is gained. A
  /// build is at work with it: it stays.
  enum class Holder { Nobody, Image, Build };

  std::string id;
  Kind kind = Kind::Step;
  std::string description;  ///< the instruction, or the id of the cache mount
  std::int64_t bytes = 0;
  std::int64_t created = 0;  ///< ns since 1970
  std::int64_t used = 0;     ///< ns since 1970
  Holder holder = Holder::Nobody;

  friend bool operator==(const CacheItem&, const CacheItem&) = default;
};

/// What removing it sets free.
[[nodiscard]] std::int64_t gain(const CacheItem& item);

struct Disk {
  std::int64_t size = 0;  ///< bytes
  std::int64_t free = 0;
};

/// How much may stay, in bytes; 0: no such limit. BuildKit's words and meaning: what is above `max_used`, or in the way
/// of `min_free`, goes, but never more than down to `reserved`. Without any limit everything goes.
struct CacheLimits {
  std::int64_t reserved = 0;
  std::int64_t max_used = 0;
  std::int64_t min_free = 0;

  friend bool operator==(const CacheLimits&, const CacheLimits&) = default;
};

struct CacheRule {
  enum class Shared { Keep, Remove };  ///< items of which an image has the layer

  std::optional<CacheItem::Kind> only;     ///< all kinds, if none
  std::chrono::nanoseconds unused_for{0};  ///< younger ones stay
  CacheLimits limits;                      ///< for all that the rule is about, the younger ones too
  Shared shared = Shared::Keep;
};

/// The items that go, in this order: rule by rule, each those first that were not used for longest. Steps of one build,
/// which are used within an hour, go last step first: what is left of them can still be found.
[[nodiscard]] std::vector<CacheItem> items_to_remove(std::vector<CacheItem> items, const std::vector<CacheRule>& rules,
                                                     Disk disk, std::int64_t now);

/// What happens by itself, after dockerd's defaults: cache mounts that were not used for 48 hours keep to a seventieth
/// of the disk; above a tenth, all goes that was not used for 60 days; the whole has at most four fifths of the disk
/// and leaves a fifth free, but is never cut below that tenth.
[[nodiscard]] std::vector<CacheRule> automatic_rules(const Disk& disk);

/// Whether it is time to apply them: once an hour, and once a minute when the disk is short of room. A time that
/// lies ahead is a clock that was set back.
[[nodiscard]] bool is_due(std::chrono::nanoseconds since_last_time, const Disk& disk);

}  // namespace davit::build
