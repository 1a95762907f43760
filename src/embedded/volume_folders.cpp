#include "embedded/volume_folders.hpp"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <map>
#include <utility>

#include "davit/base/error.hpp"
#include "davit/base/sha256.hpp"
#include "embedded/log.hpp"

namespace davit::embedded {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPart = 16;

std::string part_of(const std::string& first, const std::string& second) {
  return sha256_hex(first + "\n" + second).substr(0, kPart);
}

/// All that is to be known is in the name: on a full disk a file could not be written. No name of a volume begins so.
std::string hidden_by(const Paths& paths) {
  return "." + part_of(paths.run_root, paths.project) + "-";
}

/// Tells one volume from a later one of the same name.
std::string part_of(const state::Volume& row) {
  return part_of(row.name, std::to_string(row.created));
}

void give_back(const std::string& hidden, const std::string& folder) noexcept {
  if (std::rename(hidden.c_str(), folder.c_str()) == 0) return;
  const int error = errno;
  try {
    log_warning("the files of a volume stay in '" + hidden + "' and cannot go back to '" + folder +
                "': " + system_error_text(error));
  } catch (const std::exception&) {
    // No memory for a message.
  }
}

}  // namespace

VolumesSetAside::~VolumesSetAside() {
  for (const auto& [from, to] : moves_) give_back(to, from);
}

void VolumesSetAside::add(const state::Volume& row) {
  Move move{paths_.volume(row.name),
            paths_.volume(hidden_by(paths_) + part_of(row) + "-" + random_id().substr(0, kPart))};
  if (std::rename(move.from.c_str(), move.to.c_str()) == 0) {
    moves_.push_back(std::move(move));
  } else if (errno != ENOENT) {
    throw_system_error("remove volume", row.name, errno);
  }
}

std::vector<std::string> VolumesSetAside::commit() {
  std::vector<std::string> folders;
  for (auto& move : std::exchange(moves_, {})) folders.push_back(std::move(move.to));
  return folders;
}

std::vector<std::string> find_garbage_of_volumes(const Paths& paths, state::Database* database) {
  const std::string prefix = hidden_by(paths);
  std::vector<std::string> hidden;
  std::error_code error;
  for (fs::directory_iterator entry(paths.volumes(), error), end; !error && entry != end; entry.increment(error))
    if (entry->path().filename().string().starts_with(prefix)) hidden.push_back(entry->path().filename().string());
  if (hidden.empty()) return {};
  std::map<std::string, std::string> rows;  // names, by their part of a hidden name
  if (database != nullptr)
    for (const state::Volume& row : state::Volumes(*database).all()) rows[part_of(row)] = row.name;
  std::vector<std::string> garbage;
  for (const std::string& name : hidden) {
    std::string folder = paths.volume(name);
    const auto row = rows.find(name.substr(prefix.size(), kPart));
    if (row == rows.end())
      garbage.push_back(std::move(folder));
    else  // Fails when another project has made an empty one since, and may use it: neither is ours to remove.
      give_back(folder, paths.volume(row->second));
  }
  return garbage;
}

}  // namespace davit::embedded
