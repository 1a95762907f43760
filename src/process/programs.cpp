#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "davit/process/run.hpp"

namespace davit::process {
namespace {

bool is_program(const std::string& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

std::optional<std::string> find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return is_program(name) ? std::optional(name) : std::nullopt;
  const char* value = std::getenv("PATH");
  // OCI runtimes live in sbin on some distributions, which is not in every user's PATH.
  std::string folders = value != nullptr ? value : "";
  folders += ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  for (std::size_t begin = 0; begin <= folders.size();) {
    const std::size_t end = std::min(folders.find(':', begin), folders.size());
    const std::string folder = folders.substr(begin, end - begin);
    begin = end + 1;
    if (!folder.starts_with('/')) continue;  // never from the current folder
    std::string path = folder + "/" + name;
    if (is_program(path)) return path;
  }
  return std::nullopt;
}

std::optional<std::string> find_helper(const std::string& name) {
  if (const char* folder = std::getenv("DAVIT_LIBEXEC")) {
    std::string path = std::string(folder) + "/" + name;
    return is_program(path) ? std::optional(path) : std::nullopt;
  }
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return std::nullopt;
  for (const char* folder : {".", "../libexec/davit"}) {
    std::string path = (self.parent_path() / folder / name).lexically_normal().string();
    if (is_program(path)) return path;
  }
  return std::nullopt;
}

}  // namespace davit::process
