#pragma once
// Files that are nowhere but in memory: what the keeper holds as bytes.

#include <string>

#include "davit/base/fd.hpp"

namespace davit::embedded {

/// A file with the content, gone with its last descriptor. Throws Error.
[[nodiscard]] Fd memory_file(const std::string& name, const std::string& content);
/// The content of such a file, wherever its descriptor's offset is.
[[nodiscard]] std::string read_all(int fd);

}  // namespace davit::embedded
