#pragma once
// Results of build steps by the digest of what went into them, and digests of context files by their inode.

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

/// A file as `stat` tells it apart. A file changed within the clock's tick of the hashing cannot be told apart: callers
/// store no digest for a file whose ctime is less than 20 ms old.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = 0;
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;

  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
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
  /// Drops records not used since; returns how many.
  std::int64_t remove_unused_since(WallTime time);

  /// The digest stored for exactly this identity.
  [[nodiscard]] std::optional<std::string> file_digest(const FileIdentity& file);
  /// Many of these belong in one Transaction.
  void put_file_digest(const FileIdentity& file, const std::string& digest);

 private:
  Database& database_;
};

}  // namespace davit::state
