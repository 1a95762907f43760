#include "log_files.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "davit/base/error.hpp"
#include "davit/logs/rotation.hpp"

namespace davit::logs {

std::vector<std::uint64_t> list_log_files(const std::string& folder) {
  std::vector<std::uint64_t> numbers;
  std::error_code error;
  for (std::filesystem::directory_iterator entry{folder, error}, end; !error && entry != end; entry.increment(error))
    if (const auto number = log_file_number(entry->path().filename().string())) numbers.push_back(*number);
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

Fd open_to_read(const std::string& path) {
  Fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!file && errno != ENOENT) throw_system_error("open", path, errno);
  if (!file) return file;
  // A file system without locks: then rotation may be faster than the reader, who says so.
  while (::flock(file.get(), LOCK_SH) != 0 && errno == EINTR) {
  }
  return file;
}

bool is_being_read(const std::string& path) {
  const Fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  return file && ::flock(file.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

}  // namespace davit::logs
