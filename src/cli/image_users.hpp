#pragma once
// Which images cannot go.

#include <filesystem>
#include <vector>

#include "davit/image/image_store.hpp"

namespace davit::cli {

/// The images that containers of any project are made of: an overlay whose layers go stops working.
[[nodiscard]] std::vector<image::ImageUser> image_users(const std::filesystem::path& data_root);

}  // namespace davit::cli
