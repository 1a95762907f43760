#pragma once
// Processes of this machine, found by what they were started with.

#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "support/watch.hpp"

namespace davit::test {

/// Those, but for this one, whose command line or environment names `text`. What has ended has neither.
inline std::vector<pid_t> processes_naming(const std::string& text) {
  const auto names = [&text](const std::filesystem::path& path) {
    std::ostringstream whole;  // an iterator over the file would throw for a process that ends meanwhile
    whole << std::ifstream(path, std::ios::binary).rdbuf();
    return whole.str().find(text) != std::string::npos;
  };
  std::vector<pid_t> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string pid = entry.path().filename().string();
    if (!std::all_of(pid.begin(), pid.end(), [](char c) { return c >= '0' && c <= '9'; })) continue;
    if (std::stoi(pid) != ::getpid() && (names(entry.path() / "cmdline") || names(entry.path() / "environ")))
      found.push_back(std::stoi(pid));
  }
  return found;
}

/// This process's own children, those it has adopted among them, ended or not.
inline std::vector<pid_t> own_children() {
  std::vector<pid_t> found;
  for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream in(thread.path() / "children");
    for (pid_t pid = 0; in >> pid;) found.push_back(pid);
  }
  return found;
}

}  // namespace davit::test
