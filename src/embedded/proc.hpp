#pragma once
// What /proc says of a process.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace davit::embedded {

struct ProcessFacts {
  pid_t parent = 0;
  char state = '?';             ///< 'Z': ended, not reaped
  std::int64_t start_time = 0;  ///< clock ticks since boot: tells a reused pid
};

/// nullopt when there is no such process.
[[nodiscard]] std::optional<ProcessFacts> process_facts(pid_t pid);
/// The same of one thread: "/proc/<pid>/task/<tid>/stat".
[[nodiscard]] std::optional<ProcessFacts> process_facts(const std::string& stat_file);
[[nodiscard]] std::optional<std::int64_t> process_start_time(pid_t pid);

/// Children of a process with one thread, ended ones too.
[[nodiscard]] std::vector<pid_t> children_of(pid_t pid);

}  // namespace davit::embedded
