#pragma once
// What is known of images and layers. The files themselves belong to the `image` room.

#include <optional>
#include <string>
#include <vector>

#include "davit/base/strong.hpp"
#include "davit/state/database.hpp"
#include "davit/state/values.hpp"

namespace davit::state {

struct ImageRow {
  ImageId id;
  std::string config_json;            ///< byte for byte what the id is the digest of
  std::vector<std::string> diff_ids;  ///< lowest layer first; a layer may stand there twice
  WallTime created = 0;               ///< as the config says
  WallTime added = 0;                 ///< when it came into this store

  friend bool operator==(const ImageRow&, const ImageRow&) = default;
};

struct LayerRow {
  std::string diff_id;    ///< "sha256:<hex>" of the uncompressed tar
  std::int64_t size = 0;  ///< bytes of its regular files
  WallTime added = 0;

  friend bool operator==(const LayerRow&, const LayerRow&) = default;
};

/// A name of an image: "docker.io/library/redis:7" or "docker.io/library/redis@sha256:…", always in full form.
struct TagRow {
  std::string reference;
  ImageId image;
  WallTime updated = 0;

  friend bool operator==(const TagRow&, const TagRow&) = default;
};

class Images {
 public:
  explicit Images(Database& database) : database_(database) {}

  /// Adds the image; one that is there already stays as it is. Its layers must be there.
  void insert(const ImageRow& image);
  [[nodiscard]] std::optional<ImageRow> find(const ImageId& id);
  /// Images whose id begins so; `prefix` with or without "sha256:". At most 2 are returned: more would not help.
  [[nodiscard]] std::vector<ImageId> find_prefix(const std::string& prefix);
  /// Newest first.
  [[nodiscard]] std::vector<ImageRow> all();
  /// Its tags go with it.
  void remove(const ImageId& id);

  /// Gives the name to the image, taking it from another one. The image must be there.
  void put_tag(const TagRow& tag);
  [[nodiscard]] std::optional<TagRow> find_tag(const std::string& reference);
  [[nodiscard]] std::vector<TagRow> tags_of(const ImageId& id);
  [[nodiscard]] std::vector<TagRow> all_tags();
  /// False when there was none.
  bool remove_tag(const std::string& reference);

  /// Adds the layer; one that is there already stays as it is.
  void insert_layer(const LayerRow& layer);
  [[nodiscard]] std::optional<LayerRow> find_layer(const std::string& diff_id);
  [[nodiscard]] std::vector<LayerRow> all_layers();
  /// Layers that no image and no build cache record uses.
  [[nodiscard]] std::vector<LayerRow> unused_layers();
  void remove_layer(const std::string& diff_id);

 private:
  Database& database_;
};

}  // namespace davit::state
