#pragma once
// A temporary folder with a container's log, and what tests ask of it.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "davit/base/fd.hpp"
#include "davit/logs/record.hpp"
#include "davit/logs/rotation.hpp"

namespace davit::logs::testing {

class TempFolder {
 public:
  TempFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "davit-logs-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make a temporary folder");
    path_ = pattern;
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  [[nodiscard]] std::string log() const { return path_ + "/log"; }
  [[nodiscard]] std::string state() const { return path_ + "/state"; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline std::vector<std::string> log_files(const std::string& folder) {
  std::vector<std::string> paths;
  if (!std::filesystem::exists(folder)) return paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) paths.push_back(entry.path().string());
  std::sort(paths.begin(), paths.end());
  return paths;
}

inline std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// All files of a log, one behind the other.
inline std::string whole_log(const std::string& folder) {
  std::string all;
  for (const std::string& path : log_files(folder)) all += read_file(path);
  return all;
}

struct Contents {
  std::array<std::string, kStreams> bytes;  ///< what each stream wrote
  std::vector<std::string> times;
  bool torn = false;  ///< a record without an end
};

inline Contents contents_of(std::string_view log) {
  Contents contents;
  TimestampText scratch{};
  while (!log.empty()) {
    const auto newline = log.find('\n');
    if (newline == std::string_view::npos) {
      contents.torn = true;
      break;
    }
    const Record record = parse_record(log.substr(0, newline), scratch);
    EXPECT_FALSE(record.time.empty()) << "not a record: " << log.substr(0, newline);
    std::string& bytes = contents.bytes[index(record.stream)];
    bytes.append(record.text);
    if (record.extent == Extent::Full) bytes.push_back('\n');
    contents.times.emplace_back(record.time);
    log.remove_prefix(newline + 1);
  }
  return contents;
}

inline void write_all(int fd, std::string_view data) {
  while (!data.empty()) {
    const ssize_t wrote = ::write(fd, data.data(), data.size());
    ASSERT_GT(wrote, 0);
    data.remove_prefix(static_cast<std::size_t>(wrote));
  }
}

}  // namespace davit::logs::testing
