#pragma once
// What `image ls` and `image inspect` print.

#include <cstdint>
#include <string>
#include <vector>

#include "davit/image/image_store.hpp"

namespace davit::cli {

enum class IdLength { Short, Full };

/// One line of `image ls`: an image has one for each of its names, or one without a name.
struct ImageLine {
  std::string repository;  ///< "<none>" without a name
  std::string tag;
  std::string id;  ///< 12 digits, or "sha256:" and all of them
  std::int64_t created = 0;
  std::int64_t size = 0;
};

/// Images newest first; only those whose name is `name` (with any tag when it has none), if it is not empty.
[[nodiscard]] std::vector<ImageLine> image_lines(const std::vector<image::Image>& images, const std::string& name,
                                                 IdLength ids);

/// docker's table; `now` in ns since 1970.
[[nodiscard]] std::string image_table(const std::vector<ImageLine>& lines, std::int64_t now);
/// docker's `--format json`: an object a line.
[[nodiscard]] std::string image_json_lines(const std::vector<ImageLine>& lines, std::int64_t now);
/// Ids alone, each once.
[[nodiscard]] std::string image_ids(const std::vector<ImageLine>& lines);

/// One element of `image inspect`, as JSON text; `config_json` is the image's config document.
[[nodiscard]] std::string inspect_json(const image::Image& image, const std::string& config_json);

}  // namespace davit::cli
