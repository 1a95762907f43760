#pragma once
// Results of steps by the key of their ingredients.

#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "davit/build/cache_key.hpp"
#include "davit/image/image_store.hpp"
#include "davit/state/build_cache.hpp"
#include "davit/state/database.hpp"

namespace davit::build {

struct StepResult {
  std::optional<std::string> diff_id;  ///< none: the step changed nothing
  std::int64_t created = 0;            ///< ns since 1970, when it was really done
};

/// For several threads.
class StepCache {
 public:
  StepCache(image::ImageStore& store, const std::filesystem::path& data_root);

  /// The result, if its layer is still there.
  [[nodiscard]] std::optional<StepResult> find(const Ingredients& ingredients);
  /// The layer that the newest step with the same words made, if it is still there.
  [[nodiscard]] std::optional<std::string> earlier_layer(const std::string& description);
  void put(const Ingredients& ingredients, const std::string& description, const StepResult& result,
           std::int64_t duration_ns);

 private:
  image::ImageStore& store_;
  std::mutex mutex_;
  state::Database database_;
  state::BuildCache cache_;
};

}  // namespace davit::build
