#include "embedded/container_folders.hpp"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <vector>

#include "davit/base/error.hpp"
#include "davit/base/files.hpp"

namespace davit::embedded {
namespace {

namespace fs = std::filesystem;

std::string mark_file(const Paths& paths, const ContainerId& id) {
  return paths.container(id) + "/owner";
}

std::string mark_of(const Paths& paths) {
  return paths.run_root + "\n" + paths.project + "\n";
}

}  // namespace

void mark_folder(const Paths& paths, const ContainerId& id) {
  const std::string path = mark_file(paths, id);
  errno = 0;
  std::ofstream file(path, std::ios::binary);
  file << mark_of(paths);
  file.close();
  if (!file) throw_system_error("write", path, errno);
}

std::size_t remove_stray_folders(const Paths& paths, const std::function<bool(const ContainerId&)>& is_known) {
  std::vector<std::string> strays;
  std::error_code error;
  for (fs::directory_iterator entry(paths.containers(), error), end; !error && entry != end; entry.increment(error)) {
    const ContainerId id(entry->path().filename().string());
    const auto mark = DiskFiles().read(mark_file(paths, id));
    if (mark && *mark == mark_of(paths) && !is_known(id)) strays.push_back(entry->path().string());
  }
  for (const std::string& folder : strays) fs::remove_all(folder);
  return strays.size();
}

}  // namespace davit::embedded
