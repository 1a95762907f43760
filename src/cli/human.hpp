#pragma once
// Sizes, ages and tables as docker prints them.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace davit::cli {

/// Three significant digits, factor 1000: "117MB", "1.24GB", "7.8kB", "0B".
[[nodiscard]] std::string human_size(std::int64_t bytes);

/// "Less than a second", "5 seconds", "About a minute", "3 hours", "2 weeks".
[[nodiscard]] std::string human_duration(std::chrono::nanoseconds duration);

/// Columns at least `narrowest` wide, three blanks between them. The first row is the head; nothing trails the last
/// column.
[[nodiscard]] std::string table(const std::vector<std::vector<std::string>>& rows, std::size_t narrowest = 10);

}  // namespace davit::cli
