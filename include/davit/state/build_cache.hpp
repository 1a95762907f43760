#pragma once
// Results of build steps by the digest of what went into them.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "davit/state/database.hpp"
#include "davit/state/values.hpp"

namespace davit::state {

struct BuildRecord {
  std::string key;                     ///< digest of the ingredients
  std::string description;             ///< the instruction, for people
  std::string ingredients_json;        ///< what the key was made of: lets --explain say what changed
  std::string result_json;             ///< the builder's own
  std::optional<std::string> diff_id;  ///< the layer it made; the record keeps that layer from being deleted
  std::int64_t duration_ns = 0;        ///< what a hit saves
  WallTime created = 0;
  WallTime used = 0;

  friend bool operator==(const BuildRecord&, const BuildRecord&) = default;
};

/// What keeping a record costs.
struct BuildRecordUse {
  std::string key;
  std::string description;
  std::optional<std::string> diff_id;
  std::int64_t record_bytes = 0;  ///< of its texts
  std::int64_t layer_bytes = 0;
  bool image_has_layer = false;  ///< an image has the layer, too: without the record it stays
  WallTime created = 0;
  WallTime used = 0;

  friend bool operator==(const BuildRecordUse&, const BuildRecordUse&) = default;
};

class BuildCache {
 public:
  explicit BuildCache(Database& database) : database_(database) {}

  /// Adds or replaces. Its layer must be there.
  void put(const BuildRecord& record);
  [[nodiscard]] std::optional<BuildRecord> find(const std::string& key);
  /// Marks the record as used now.
  void touch(const std::string& key);
  /// Last used first.
  [[nodiscard]] std::vector<BuildRecord> all();
  /// Newest record with this description: what a miss is compared with.
  [[nodiscard]] std::optional<BuildRecord> newest_like(const std::string& description);
  void remove(const std::string& key);
  /// Of all records, in the order of their keys.
  [[nodiscard]] std::vector<BuildRecordUse> usage();

 private:
  Database& database_;
};

}  // namespace davit::state
