#pragma once
// "/proc/<pid>/stat": what the kernel says of a process, or of one thread, in one line.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace davit::process {

/// Times are in clock ticks.
struct ProcStat {
  std::string name;  ///< the first bytes of the program's, whatever they are
  char state = '?';  ///< 'Z': ended, not reaped
  pid_t parent = 0;
  unsigned terminal = 0;        ///< a device number; 0: none
  std::int64_t cpu_time = 0;    ///< used, in its own code and in the kernel
  std::int64_t start_time = 0;  ///< since boot
  friend bool operator==(const ProcStat&, const ProcStat&) = default;
};

/// nullopt when it is malformed. Pure.
[[nodiscard]] std::optional<ProcStat> parse_proc_stat(std::string_view text);

}  // namespace davit::process
