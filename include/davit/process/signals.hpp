#pragma once
// What a process does with signals.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string_view>

namespace davit::process {

/// Signals that can reach the first process of a PID namespace, bit n-1 for signal n, from the text of
/// /proc/PID/status: those it has a handler for (SigCgt) and those it has blocked (SigBlk), which it may take by
/// sigwait or signalfd.
[[nodiscard]] std::optional<std::uint64_t> receivable_signals(std::string_view proc_status);

/// Whether a process waits for signals in sigwait, sigwaitinfo or sigtimedwait, from the text of /proc/PID/syscall.
/// While it does, the signals it waits for stand in neither mask of its status, and reach it all the same: tini,
/// dumb-init and davit-init live there.
[[nodiscard]] bool waits_for_signals(std::string_view proc_syscall);

enum class Reaction { Handles, Drops, Gone };
/// What the first process of a container does with a signal sent from outside. The kernel protects PID 1 of a PID
/// namespace from signals it has no handler for (pid_namespaces(7)), so it Drops them; SIGKILL and SIGSTOP always work.
[[nodiscard]] Reaction reaction_of_init(pid_t pid, int signal);

}  // namespace davit::process
