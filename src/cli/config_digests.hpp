#pragma once
// Images by content instead of by tag, for `davit config`.

#include "context.hpp"
#include "davit/compose/load.hpp"

namespace davit::cli {

/// Writes the name of every service's image in full, with the digest of the image that has this name in the local store
/// (docker compose asks the registry). What has a digest already keeps it; services without `image` are left alone.
/// Images that are not in the store are reported, all of them, and end the command (ExitWith 1).
void resolve_image_digests(const Context& context, compose::Loaded& loaded);

/// What is left for an override file that only pins images: `services` with nothing but `image`.
[[nodiscard]] yaml::Node images_only(const yaml::Node& tree);

}  // namespace davit::cli
