#include "build/layer_manifest.hpp"

#include <unistd.h>

#include <cstring>
#include <fstream>

#include "build/checked_file.hpp"
#include "davit/image/digest.hpp"

namespace davit::build {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMagic = "davit-manifest-1\n";

fs::path folder_of(const fs::path& data_root) {
  return data_root / "build" / "manifests";
}

}  // namespace

bool LayerManifest::has(const std::string& path, const FileDigest& digest) const {
  const auto found = files_.find(path);
  return found != files_.end() && found->second == digest;
}

LayerManifest LayerManifest::load(const fs::path& data_root, const std::string& diff_id) {
  LayerManifest out;
  const auto body = read_checked_file((folder_of(data_root) / image::hex_of(diff_id)).string(), kMagic);
  if (!body) return out;
  // Records: digest, length of the path in four bytes, path.
  std::string_view rest = *body;
  while (rest.size() >= sizeof(FileDigest) + 4) {
    FileDigest digest{};
    std::uint32_t length = 0;
    std::memcpy(digest.data(), rest.data(), digest.size());
    std::memcpy(&length, rest.data() + digest.size(), 4);
    rest.remove_prefix(digest.size() + 4);
    if (length > rest.size()) break;
    out.files_.emplace(std::string(rest.substr(0, length)), digest);
    rest.remove_prefix(length);
  }
  return out;
}

std::string LayerManifest::serialized() const {
  std::string out;
  for (const auto& [path, digest] : files_) {
    const auto length = static_cast<std::uint32_t>(path.size());
    out.append(reinterpret_cast<const char*>(digest.data()), digest.size());
    out.append(reinterpret_cast<const char*>(&length), 4);
    out += path;
  }
  return out;
}

void LayerManifest::save(const fs::path& data_root, const std::string& diff_id) const noexcept {
  try {
    const fs::path folder = folder_of(data_root);
    std::error_code error;
    fs::create_directories(folder, error);
    for (const auto& entry : fs::directory_iterator(folder, error))
      if (!fs::exists(data_root / "layers" / entry.path().filename().string().substr(0, 64)))
        fs::remove(entry.path(), error);
    write_checked_file((folder / image::hex_of(diff_id)).string(), kMagic, serialized());
  } catch (const std::exception&) {
    // Out of memory or a folder that vanished: the next build copies.
  }
}

}  // namespace davit::build
