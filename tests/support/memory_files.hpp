#pragma once
// Files in a map, for tests of everything that loads.

#include <map>
#include <set>
#include <string>

#include "davit/base/files.hpp"

namespace davit::test {

class MemoryFiles final : public Files {
 public:
  MemoryFiles() = default;
  explicit MemoryFiles(std::map<std::string, std::string> files) : files_(std::move(files)) {}

  void add(const std::string& path, std::string text) { files_[path] = std::move(text); }

  Result<std::string> read(const std::string& path, std::uint64_t limit = kDefaultLimit) const override {
    const auto found = files_.find(path);
    if (found == files_.end())
      return Diagnostic::error("unreadable-file", "cannot read '" + path + "': no such file or directory");
    if (found->second.size() > limit)
      return Diagnostic::error("unreadable-file", "cannot read '" + path + "': it is larger than allowed");
    return found->second;
  }

  Kind kind(const std::string& path) const override {
    if (files_.contains(path)) return Kind::Regular;
    const auto below = files_.lower_bound(path + "/");
    return below != files_.end() && below->first.starts_with(path + "/") ? Kind::Directory : Kind::Absent;
  }

  std::vector<std::string> list(const std::string& path) const override {
    std::set<std::string> names;
    const std::string prefix = path + "/";
    for (auto it = files_.lower_bound(prefix); it != files_.end() && it->first.starts_with(prefix); ++it)
      names.insert(it->first.substr(prefix.size(), it->first.find('/', prefix.size()) - prefix.size()));
    return {names.begin(), names.end()};
  }

 private:
  std::map<std::string, std::string> files_;
};

}  // namespace davit::test
