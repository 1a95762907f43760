#include "build/layer_manifest.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "build/checked_file.hpp"
#include "davit/image/digest.hpp"

namespace davit::build {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMagic = "davit-manifest-2\n";

/// In front of each path.
struct Record {
  ManifestFile file;
  std::uint32_t length;  ///< of the path
  std::uint32_t unused;
};
static_assert(sizeof(Record) == 72);

fs::path folder_of(const fs::path& data_root) {
  return data_root / "build" / "manifests";
}

}  // namespace

void LayerManifest::clear() {
  *this = LayerManifest();
}

const ManifestFile* LayerManifest::find(std::string_view path) const {
  if (next_ < loaded_.size() && loaded_[next_].first == path) return &loaded_[next_++].second;
  const auto place = std::lower_bound(sorted_.begin(), sorted_.end(), path,
                                      [this](std::uint32_t i, std::string_view p) { return loaded_[i].first < p; });
  if (place == sorted_.end() || loaded_[*place].first != path) return nullptr;
  next_ = *place + 1;
  return &loaded_[*place].second;
}

LayerManifest LayerManifest::load(const fs::path& data_root, const std::string& diff_id) {
  LayerManifest out;
  auto body = read_checked_file((folder_of(data_root) / image::hex_of(diff_id)).string(), kMagic);
  if (!body) return out;
  out.text_ = std::make_unique<const std::string>(*std::move(body));
  std::string_view rest = *out.text_;
  while (rest.size() >= sizeof(Record)) {
    Record record{};
    std::memcpy(&record, rest.data(), sizeof record);
    rest.remove_prefix(sizeof record);
    if (record.length > rest.size()) break;
    out.loaded_.emplace_back(rest.substr(0, record.length), record.file);
    rest.remove_prefix(record.length);
  }
  out.sorted_.resize(out.loaded_.size());
  std::iota(out.sorted_.begin(), out.sorted_.end(), 0U);
  std::sort(out.sorted_.begin(), out.sorted_.end(),
            [&out](std::uint32_t a, std::uint32_t b) { return out.loaded_[a].first < out.loaded_[b].first; });
  return out;
}

std::string LayerManifest::serialized() const {
  std::string out;
  for (const auto& [path, file] : written_) {
    const Record record{file, static_cast<std::uint32_t>(path.size()), 0};
    out.append(reinterpret_cast<const char*>(&record), sizeof record);
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
