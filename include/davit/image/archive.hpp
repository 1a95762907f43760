#pragma once
// Whole images in one file: `image load`, `image import`, `image save`.

#include <string>
#include <vector>

#include "davit/image/config_change.hpp"
#include "davit/image/image_store.hpp"

namespace davit::image {

struct LoadedImage {
  ImageId id;
  std::vector<std::string> tags;  ///< familiar names; empty when the archive gave none
};

/// Reads an archive of `docker save` (also the hybrid of Docker 25 and later) or an OCI layout, compressed or not, in
/// one pass. Every digest is checked. Throws davit::Error naming what is wrong; images read before that stay out of the
/// store.
std::vector<LoadedImage> load_archive(ImageStore& store, ByteSource& archive);

struct ImportOptions {
  std::optional<Reference> name;
  std::vector<ConfigChange> changes;
  std::string message = "imported";  ///< comment in the history
};

/// Makes an image of one layer from the tar of a root file system.
ImageId import_root_tar(ImageStore& store, ByteSource& tar, const ImportOptions& options);

}  // namespace davit::image
