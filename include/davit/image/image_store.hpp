#pragma once
// The images of a data root: one store for engine and builder.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "davit/base/fd.hpp"
#include "davit/base/strong.hpp"
#include "davit/image/byte_source.hpp"
#include "davit/image/image_config.hpp"
#include "davit/image/layer_tar.hpp"
#include "davit/image/reference.hpp"

namespace davit::image {

struct Image {
  ImageId id;
  ImageConfig config;
  std::vector<std::string> diff_ids;  ///< lowest layer first
  std::vector<std::string> tags;      ///< familiar form: "redis:7"
  std::int64_t size = 0;              ///< bytes of all its layers' files
  std::int64_t created = 0;           ///< ns since 1970, as the config says; 0 when it does not

  friend bool operator==(const Image&, const Image&) = default;
};

struct Layer {
  std::string diff_id;    ///< "sha256:<hex>"
  std::int64_t size = 0;  ///< bytes of its files
  friend bool operator==(const Layer&, const Layer&) = default;
};

/// As long as one is kept, no process deletes a layer, so that what was just made or found is still there when an image
/// of it is made. Shared: those who hold at the same time have one lock, which ends with the last.
using LayerHold = std::shared_ptr<const Fd>;

/// A folder in which a layer is made: `fs` becomes the layer, `work` is overlayfs's workdir beside it, on the same file
/// system. Removed with this object unless the store adopted it, or by the next writer when the process was killed.
class StagedLayer {
 public:
  StagedLayer(StagedLayer&&) noexcept = default;
  StagedLayer& operator=(StagedLayer&&) noexcept;
  ~StagedLayer();

  [[nodiscard]] std::filesystem::path fs() const { return folder_ / "layer" / "fs"; }
  [[nodiscard]] std::filesystem::path work() const { return folder_ / "work"; }

 private:
  friend class ImageStore;
  StagedLayer(LayerHold hold, std::filesystem::path folder, Fd lock)
      : hold_(std::move(hold)), folder_(std::move(folder)), lock_(std::move(lock)) {}
  void discard() noexcept;

  LayerHold hold_;
  std::filesystem::path folder_;
  Fd lock_;  ///< flock on the folder: says that its maker lives
};

/// Why an image may not be removed: a container made from it.
struct ImageUser {
  ImageId image;
  std::string container;  ///< its name
  friend bool operator==(const ImageUser&, const ImageUser&) = default;
};

enum class Removal { Normal, Forced };

struct Removed {
  std::vector<std::string> untagged;  ///< familiar names
  std::vector<std::string> deleted;   ///< the image's id, then its layers' diff ids
};

/// Several processes use one store at the same time; so may several threads use one object: it locks for the moments in
/// which it touches the database, never while it unpacks or hashes.
/// Layers, once there, never change.
class ImageStore {
 public:
  /// Opens the store of a data root, making it when it is not there.
  [[nodiscard]] static ImageStore open(const std::filesystem::path& data_root);
  ImageStore(ImageStore&&) noexcept;
  ImageStore& operator=(ImageStore&&) noexcept;
  ~ImageStore();

  // --- finding
  /// By name (default tag latest), by id, by the beginning of an id. nullopt when there is none; throws davit::Error
  /// for a malformed name or an id prefix that fits several images.
  [[nodiscard]] std::optional<Image> find(const std::string& name_or_id) const;
  [[nodiscard]] std::optional<Image> find(const ImageId& id) const;
  /// A digest is that under which the name was given, or the id of the image.
  [[nodiscard]] std::optional<Image> find(const Reference& reference) const;
  /// Newest first.
  [[nodiscard]] std::vector<Image> list() const;
  /// The folders of its layers, topmost first: the order of overlayfs's lowerdir, which takes no folder twice. A layer
  /// that repeats stands where it is topmost: it hides all of itself below, and what lies between stays between.
  [[nodiscard]] std::vector<std::filesystem::path> layer_paths(const Image& image) const;
  /// The same for a chain of diff ids, lowest first.
  [[nodiscard]] std::vector<std::filesystem::path> layer_paths(const std::vector<std::string>& diff_ids) const;
  /// The folder of one layer, whether it is there or not.
  [[nodiscard]] std::filesystem::path layer_path(const std::string& diff_id) const;
  [[nodiscard]] std::optional<Layer> find_layer(const std::string& diff_id) const;
  /// The config document, byte for byte.
  [[nodiscard]] std::string config_json(const ImageId& id) const;

  // --- making
  /// For whoever makes layers, or will use some of the build cache: before it looks, until an image has them.
  [[nodiscard]] LayerHold hold_layers();
  /// An empty folder for a new layer (0755 root), and overlayfs's workdir. It holds layers as long as it is there; the
  /// layer made of it is held by nobody but the caller.
  [[nodiscard]] StagedLayer new_layer_dir();
  /// Makes the staged folder a layer, named by the digest of its deterministic tar. Nothing may be mounted on it or
  /// written to it any more. One that is there already is used instead. Blocks for as long as hashing takes, and until
  /// the layer is on the disk.
  Layer adopt_layer(StagedLayer staged);
  /// Unpacks a layer archive (gzip, zstd, xz, bzip2 or plain) in one pass: read, decompress, hash, unpack. When
  /// `expected` is given, another diff id is an error. Nothing is left behind by an error. What it returns is on the
  /// disk.
  Layer put_layer_from_tar(ByteSource& archive, const std::optional<std::string>& expected = {});
  /// Adds an image of layers that are there (config.diff_ids). The id is the digest of to_json(config). Adding one that
  /// is there already is no error.
  ImageId create_image(const ImageConfig& config);
  /// The same with the document as someone else wrote it: the id must be the digest of exactly these bytes.
  ImageId create_image_from_json(const std::string& config_json);
  /// Gives the image a name, taking it from another image. Throws davit::Error when the image is not there.
  void tag(const ImageId& id, const Reference& reference);

  // --- removing
  /// A name: takes the name away, and the image with it when it was the last one. An id: takes all names and the image;
  /// with several names only when forced. Layers nobody uses any more are deleted. An image in use by a container is
  /// refused; forced, it loses its names but stays until the container is gone. Throws davit::Error when there is none.
  Removed remove(const std::string& name_or_id, Removal removal, const std::vector<ImageUser>& users);
  /// Deletes layers that no image and no build cache record uses; returns their diff ids. Deletes nothing while another
  /// process makes layers.
  std::vector<std::string> collect_layers();
  /// The same after `let_go`, which takes away what keeps layers, such as records of the build cache: nobody makes
  /// layers while it runs. nullopt, and nothing was done, when another process makes layers.
  std::optional<std::vector<std::string>> collect_layers(const std::function<void()>& let_go);

  [[nodiscard]] const std::filesystem::path& data_root() const;

 private:
  struct State;
  explicit ImageStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace davit::image
