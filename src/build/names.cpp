#include "build/names.hpp"

#include "davit/base/sha256.hpp"

namespace davit::build {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFolderPrefix = "work-";
constexpr std::string_view kProjectPrefix = ".build-";

std::string without(std::string_view prefix, const std::string& text) {
  return text.starts_with(prefix) ? text.substr(prefix.size()) : std::string();
}

std::string hash_of(const fs::path& data_root) {
  return sha256_hex(data_root.string()).substr(0, 8);
}

}  // namespace

fs::path work_folder(const fs::path& data_root, const std::string& id) {
  return data_root / "build" / (std::string(kFolderPrefix) + id);
}

std::string id_of_work_folder(const fs::path& folder) {
  return without(kFolderPrefix, folder.filename().string());
}

std::string cgroup_prefix(const fs::path& data_root) {
  return "davit-build-" + hash_of(data_root) + "-";
}

std::string cgroup_prefix(const fs::path& data_root, const std::string& id) {
  return cgroup_prefix(data_root) + id + "-";
}

network::Scope network_scope(const fs::path& data_root, const std::string& id) {
  return {hash_of(data_root), std::string(kProjectPrefix) + id};
}

std::string id_of_scope(const network::Scope& scope) {
  return without(kProjectPrefix, scope.project);
}

}  // namespace davit::build
