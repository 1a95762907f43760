#pragma once
// Signals by name, and what a process does with them.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace davit::process {

/// "SIGTERM", "term", "15", "SIGRTMIN+3": the number; nullopt for anything else.
[[nodiscard]] std::optional<int> parse_signal(std::string_view name);
/// "SIGTERM"; "SIGRTMIN+3"; "signal 99" for an unknown number.
[[nodiscard]] std::string signal_name(int signal);

/// Signals that can reach the first process of a PID namespace, bit n-1 for signal n, from the text of
/// /proc/PID/status: those it has a handler for (SigCgt) and those it has blocked (SigBlk), which it may take by
/// sigwait or signalfd.
[[nodiscard]] std::optional<std::uint64_t> receivable_signals(std::string_view proc_status);

enum class Reaction { Handles, Drops, Gone };
/// What the first process of a container does with a signal sent from outside. The kernel protects PID 1 of a PID
/// namespace from signals it has no handler for (pid_namespaces(7)), so it Drops them; SIGKILL and SIGSTOP always work.
[[nodiscard]] Reaction reaction_of_init(pid_t pid, int signal);

}  // namespace davit::process
