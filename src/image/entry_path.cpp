#include "image/entry_path.hpp"

namespace davit::image {

std::optional<std::string> clean_entry_path(std::string_view name) {
  std::string clean;
  clean.reserve(name.size());
  while (!name.empty()) {
    const std::size_t slash = name.find('/');
    const std::string_view part = name.substr(0, slash);
    name = slash == std::string_view::npos ? std::string_view{} : name.substr(slash + 1);
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      if (clean.empty()) return std::nullopt;
      const std::size_t up = clean.rfind('/');
      clean.resize(up == std::string::npos ? 0 : up);
      continue;
    }
    if (!clean.empty()) clean += '/';
    clean += part;
  }
  return clean;
}

SplitPath split_entry_path(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return {{}, path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

}  // namespace davit::image
