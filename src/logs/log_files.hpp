#pragma once
// The numbered files in a log folder, and how those who read and who remove them get along: a reader holds a shared
// lock (flock) on the file it reads, taking the next one's before it lets go; files are removed oldest first, up to a
// locked one. So a reader that has begun misses nothing.

#include <cstdint>
#include <string>
#include <vector>

#include "davit/base/fd.hpp"

namespace davit::logs {

/// Numbers of the log files in a folder, lowest first; empty when there is no such folder.
[[nodiscard]] std::vector<std::uint64_t> list_log_files(const std::string& folder);

/// Opens a file for reading and locks it. Empty when there is none; throws Error when it cannot be opened.
[[nodiscard]] Fd open_to_read(const std::string& path);

/// Whether somebody has it by open_to_read(). False when there is no such file, or it cannot be told.
[[nodiscard]] bool is_being_read(const std::string& path);

}  // namespace davit::logs
