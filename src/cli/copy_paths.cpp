#include "copy_paths.hpp"

namespace davit::cli {
namespace {

Diagnostic refusal(const std::string& message) {
  return Diagnostic::error("cannot-copy", message);
}

bool wants_content(const std::string& source) {
  return source == "." || source.ends_with("/.");
}

}  // namespace

CopyEnd parse_copy_end(const std::string& text) {
  const auto colon = text.find(':');
  const bool path =
      text.empty() || text.front() == '/' || text.front() == '.' || colon == std::string::npos || colon == 0;
  if (path || text.find('/') < colon) return {std::nullopt, text};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

std::pair<std::string, std::string> split_path(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return {".", path};
  return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

Result<CopyTarget> copy_target(const std::string& source, PathKind source_kind, const std::string& destination,
                               PathKind destination_kind) {
  if (source_kind == PathKind::Absent) return refusal("no such file or folder: '" + source + "'");
  const auto [parent, name] = split_path(destination);
  if (destination_kind == PathKind::Folder) {
    if (source_kind == PathKind::Folder && wants_content(source)) return CopyTarget{destination, ""};
    return CopyTarget{destination, split_path(source).second};
  }
  if (source_kind == PathKind::Folder) {
    if (destination_kind == PathKind::File)
      return refusal("'" + destination + "' is a file, and '" + source + "' a folder");
    return CopyTarget{parent, name};
  }
  if (destination.ends_with('/')) return refusal("the folder '" + destination + "' does not exist");
  return CopyTarget{parent, name};
}

}  // namespace davit::cli
