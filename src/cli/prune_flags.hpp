#pragma once
// The flags of `builder prune`. Pure.

#include <string>
#include <vector>

#include "davit/build/cache_policy.hpp"

namespace davit::cli {

struct PruneFlags {
  std::vector<std::string> filters;  ///< "until=24h", "unused-for=24h", "type=regular", "type=exec.cachemount"
  std::string reserved_space;        ///< byte sizes: "10gb"
  std::string max_used_space;
  std::string min_free_space;
  bool all = false;
  bool force = false;
  bool verbose = false;
};

/// What they ask for. Throws Error for a value or a filter that is none.
[[nodiscard]] build::CacheRule prune_rule(const PruneFlags& flags);

}  // namespace davit::cli
