#include "log_files.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

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

}  // namespace davit::logs
