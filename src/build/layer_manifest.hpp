#pragma once
// What COPY wrote into a layer, by content: the next version of the layer takes unchanged files from this one by hard
// link instead of copying them. Layers never change, so a link to a file of one is as good as a copy.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "build/digest_cache.hpp"

namespace davit::build {

/// A regular file as it is in a layer.
struct ManifestFile {
  FileDigest digest{};  ///< of content and extended attributes
  std::uint32_t mode = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::int64_t size = 0;
  std::int64_t mtime = 0;  ///< ns since 1970
  friend bool operator==(const ManifestFile&, const ManifestFile&) = default;
};

/// Files of one layer by their path in it: written down while a layer is made, or loaded to look things up.
class LayerManifest {
 public:
  void add(std::string path, const ManifestFile& file) { written_.emplace_back(std::move(path), file); }
  [[nodiscard]] bool empty() const { return written_.empty() && loaded_.empty(); }
  void clear();

  /// Among those loaded; null when there is none. Quick when paths are asked for in the order in which they were added.
  [[nodiscard]] const ManifestFile* find(std::string_view path) const;

  /// `diff_id` names the layer. A missing or damaged file is an empty manifest; a failed save is no error: both only
  /// cost time. Saving also drops manifests of layers that are gone.
  [[nodiscard]] static LayerManifest load(const std::filesystem::path& data_root, const std::string& diff_id);
  void save(const std::filesystem::path& data_root, const std::string& diff_id) const noexcept;

 private:
  [[nodiscard]] std::string serialized() const;

  std::vector<std::pair<std::string, ManifestFile>> written_;
  std::unique_ptr<const std::string> text_;                        ///< what the paths below point into
  std::vector<std::pair<std::string_view, ManifestFile>> loaded_;  ///< as they were written
  std::vector<std::uint32_t> sorted_;                              ///< indices into it, by path
  mutable std::size_t next_ = 0;                                   ///< behind the one found last
};

}  // namespace davit::build
