#pragma once
// What COPY wrote into a layer, by content: the next version of the layer takes unchanged files from this one by hard
// link instead of copying them. Layers never change, so a link to a file of one is as good as a copy.

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "build/digest_cache.hpp"

namespace davit::build {

/// Files of one layer: path in the layer to digest of content and attributes.
class LayerManifest {
 public:
  void add(std::string path, const FileDigest& digest) { files_.emplace(std::move(path), digest); }
  [[nodiscard]] bool has(const std::string& path, const FileDigest& digest) const;
  [[nodiscard]] bool empty() const { return files_.empty(); }

  /// `diff_id` names the layer. A missing or damaged file is an empty manifest; a failed save is no error: both only
  /// cost time. Saving also drops manifests of layers that are gone.
  [[nodiscard]] static LayerManifest load(const std::filesystem::path& data_root, const std::string& diff_id);
  void save(const std::filesystem::path& data_root, const std::string& diff_id) const noexcept;

 private:
  [[nodiscard]] std::string serialized() const;
  std::unordered_map<std::string, FileDigest> files_;
};

}  // namespace davit::build
