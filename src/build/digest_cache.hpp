#pragma once
// Digests of files that were hashed before, found again by what `stat` says, so that an unchanged context costs one
// walk.

#include <sys/stat.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

namespace davit::build {

using FileDigest = std::array<unsigned char, 32>;

/// A table in one file. Only a cache: a damaged or missing file is an empty one, a failed save is not an error. One
/// thread.
class DigestCache {
 public:
  /// Loads the table. An empty path means: never save.
  explicit DigestCache(std::string file);

  /// The digest, when device, inode, size, mtime and ctime are what they were.
  [[nodiscard]] std::optional<FileDigest> find(const struct stat& info);
  /// Remembers it. `before` and `after` are the file's stat around the hashing; a file that changed meanwhile, or so
  /// recently that the clock could not tell a second change, is not remembered.
  void put(const struct stat& before, const struct stat& after, const FileDigest& digest);
  /// Replaces the file when anything was added. Entries not asked for are kept as long as they are not the most.
  void save() noexcept;

 private:
  struct Key {
    std::uint64_t device;
    std::uint64_t inode;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const noexcept { return key.inode * 0x9E3779B97F4A7C15U ^ key.device; }
  };
  struct Value {
    std::int64_t size = 0;
    std::int64_t mtime = 0;
    std::int64_t ctime = 0;
    FileDigest digest{};
    bool seen = false;
  };
  void load();
  /// The file's time tells, to the day, when it was used last: old tables are removed.
  void keep_young() const;
  [[nodiscard]] std::string serialized() const;
  static Key key_of(const struct stat& info);
  static Value value_of(const struct stat& info);

  std::string file_;
  std::unordered_map<Key, Value, Hash> table_;
  std::size_t seen_ = 0;
  bool changed_ = false;
};

}  // namespace davit::build
