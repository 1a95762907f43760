#pragma once
// `--change` of `image import`: instructions of a Dockerfile, as changes of an image's config.

#include <string>
#include <vector>

#include "davit/image/config_change.hpp"

namespace davit::cli {

/// Reads them in order; variables refer to ENV of earlier ones. Throws davit::Error pointing into the text of the
/// option.
[[nodiscard]] std::vector<image::ConfigChange> parse_changes(const std::vector<std::string>& instructions);

}  // namespace davit::cli
