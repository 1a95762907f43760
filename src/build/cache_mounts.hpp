#pragma once
// The folders behind cache mounts in `<data root>/build/cache`: who is at work with them, how large they are, how they
// go. Beside a folder are files of its name: `.use` (locked while it is in use; its time is that of the last use, its
// text the id of the mount), `.size` (as it was measured), `.lock` and `.making`.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "davit/base/fd.hpp"
#include "davit/build/cache_policy.hpp"

namespace davit::build {

[[nodiscard]] std::filesystem::path cache_mounts_folder(const std::filesystem::path& data_root);

/// As long as it lives, the folder is not removed; it need not be there yet. To be had before any other lock of the
/// folder. Several may use it at the same time.
class CacheMountUse {
 public:
  /// `id` names the mount for people. Throws davit::Error.
  CacheMountUse(const std::filesystem::path& folder, const std::string& id);
  CacheMountUse(CacheMountUse&&) noexcept = default;
  CacheMountUse& operator=(CacheMountUse&&) noexcept = delete;
  /// The folder was used until now.
  ~CacheMountUse();

 private:
  Fd lock_;
};

/// All of them. `CacheItem::id` is the name of the folder.
[[nodiscard]] std::vector<CacheItem> list_cache_mounts(const std::filesystem::path& data_root);

/// Moves the folder to `trash` (an absent path on the same file system), and removes the files beside it. False when it
/// is in use.
[[nodiscard]] bool take_cache_mount(const std::filesystem::path& data_root, const std::string& id,
                                    const std::filesystem::path& trash);

}  // namespace davit::build
