#pragma once
// The numbered files in a log folder.

#include <cstdint>
#include <string>
#include <vector>

namespace davit::logs {

/// Numbers of the log files in a folder, lowest first; empty when there is no such folder.
[[nodiscard]] std::vector<std::uint64_t> list_log_files(const std::string& folder);

}  // namespace davit::logs
