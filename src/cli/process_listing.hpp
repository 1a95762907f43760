#pragma once
// What `top` prints: the processes of containers as ps shows them.

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace davit::cli {

/// One process, as /proc tells.
struct ProcessRow {
  std::string user;
  pid_t pid = 0;
  pid_t parent = 0;
  std::string terminal;  ///< "?" for none, "pts/0"
  std::chrono::seconds cpu_time{0};
  std::chrono::sys_seconds started;
  std::string command;
};

/// Parses "/proc/<pid>/stat" and the texts beside it. nullopt when it is malformed: the process has ended. Pure.
struct ProcTexts {
  std::string stat;
  std::string cmdline;  ///< words with a NUL behind each; empty for a kernel thread and a zombie
  uid_t uid = 0;
};
struct ProcClock {
  std::chrono::sys_seconds boot;
  std::int64_t ticks_per_second = 100;
};
[[nodiscard]] std::optional<ProcessRow> parse_process(pid_t pid, const ProcTexts& texts, const ProcClock& clock);

/// The group: a container of a service, by number.
struct ContainerProcesses {
  std::string service;
  int number = 1;
  std::vector<ProcessRow> processes;
};

/// docker compose's table: SERVICE # UID PID PPID C STIME TTY TIME CMD; `offset` is that of local time. Pure.
[[nodiscard]] std::string top_table(const std::vector<ContainerProcesses>& containers, std::chrono::sys_seconds now,
                                    std::chrono::seconds offset);

/// The processes of the container whose first process has this number, from /proc: those in its cgroup and below.
[[nodiscard]] std::vector<ProcessRow> processes_of(pid_t first);

}  // namespace davit::cli
