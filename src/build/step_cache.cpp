#include "build/step_cache.hpp"

namespace davit::build {

StepCache::StepCache(image::ImageStore& store, const std::filesystem::path& data_root)
    : store_(store), database_(state::Database::open(data_root / "davit.db")), cache_(database_) {}

std::optional<StepResult> StepCache::find(const Ingredients& ingredients) {
  const std::string key = ingredients.key();
  const std::lock_guard lock(mutex_);
  const auto record = cache_.find(key);
  if (!record) return std::nullopt;
  if (record->diff_id && !store_.find_layer(*record->diff_id)) return std::nullopt;
  // `used` decides what a clean-up takes first; to the hour is enough, and a cached build writes nothing.
  constexpr std::int64_t kHour = 3'600'000'000'000;
  if (state::wall_time_now() - record->used > kHour) cache_.touch(key);
  return StepResult{record->diff_id, record->created};
}

std::optional<std::string> StepCache::earlier_layer(const std::string& description) {
  const std::lock_guard lock(mutex_);
  const auto record = cache_.newest_like(description);
  if (!record || !record->diff_id || !store_.find_layer(*record->diff_id)) return std::nullopt;
  return record->diff_id;
}

void StepCache::put(const Ingredients& ingredients, const std::string& description, const StepResult& result,
                    std::int64_t duration_ns) {
  state::BuildRecord record;
  record.key = ingredients.key();
  record.description = description;
  record.ingredients_json = ingredients.to_json();
  record.result_json = "{}";
  record.diff_id = result.diff_id;
  record.duration_ns = duration_ns;
  record.created = result.created;
  record.used = state::wall_time_now();
  const std::lock_guard lock(mutex_);
  cache_.put(record);
}

}  // namespace davit::build
