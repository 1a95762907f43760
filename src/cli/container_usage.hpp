#pragma once
// What a container uses of the machine, as the kernel's files say it, and how `stats` prints it.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace davit::cli {

/// One look at a container. What the kernel does not tell (no such controller) stays 0.
struct Usage {
  std::uint64_t cpu_ns = 0;  ///< since its start
  std::int64_t memory = 0;   ///< without file pages that can be dropped, as docker counts
  std::int64_t memory_limit = 0;
  std::int64_t received = 0;  ///< bytes through its network interfaces, loopback left out
  std::int64_t sent = 0;
  std::int64_t read = 0;  ///< bytes from and to block devices
  std::int64_t written = 0;
  std::int64_t processes = 0;
  friend bool operator==(const Usage&, const Usage&) = default;
};

/// The text of a small file; nullopt when it cannot be read.
using ReadFile = std::function<std::optional<std::string>(const std::string& path)>;

/// Reads the files of the control groups (v1, hybrid, v2) and the network namespace of a container's first process.
/// nullopt when the process has ended.
[[nodiscard]] std::optional<Usage> read_usage(std::int64_t pid, std::int64_t machine_memory, const ReadFile& read);

/// One line of `stats`. `before` is an earlier look, `apart` the time between; none: no percentage of processor time
/// yet.
struct UsageLine {
  std::string id;
  std::string name;
  Usage now;
  std::optional<Usage> before;
  std::chrono::nanoseconds apart{0};
};

enum class UsageFormat { Table, Json };
/// docker's columns, or an object a line. Ids are cut to `id_length`.
[[nodiscard]] std::string usage_text(const std::vector<UsageLine>& lines, UsageFormat format, std::size_t id_length);
/// A template over the same values.
[[nodiscard]] std::string usage_template(const std::vector<UsageLine>& lines, std::size_t id_length,
                                         std::string_view text);

}  // namespace davit::cli
