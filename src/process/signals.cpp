#include "davit/process/signals.hpp"

#include <signal.h>
#include <sys/syscall.h>

#include <charconv>

#include "davit/base/files.hpp"

namespace davit::process {
namespace {

std::optional<std::uint64_t> mask_of(std::string_view proc_status, std::string_view key) {
  const auto at = proc_status.find(key);
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view rest = proc_status.substr(at + key.size());
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
  std::uint64_t mask = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), mask, 16);
  if (error != std::errc() || end == rest.data()) return std::nullopt;
  return mask;
}

}  // namespace

std::optional<std::uint64_t> receivable_signals(std::string_view proc_status) {
  const auto caught = mask_of(proc_status, "\nSigCgt:");
  const auto blocked = mask_of(proc_status, "\nSigBlk:");
  if (!caught || !blocked) return std::nullopt;
  return *caught | *blocked;
}

bool waits_for_signals(std::string_view proc_syscall) {
  const std::string_view number = proc_syscall.substr(0, proc_syscall.find_first_of(" \n"));
  return number == std::to_string(SYS_rt_sigtimedwait);
}

Reaction reaction_of_init(pid_t pid, int signal) {
  const std::string process = "/proc/" + std::to_string(pid);
  // Looked at before and behind the status: it may begin or end to wait meanwhile. One that may not be looked at is
  // given the benefit of the doubt.
  const auto may_wait = [&] {
    const auto call = DiskFiles().read(process + "/syscall");
    return !call || waits_for_signals(*call);
  };
  const bool waited = may_wait();
  const auto read = DiskFiles().read(process + "/status");
  if (!read) return Reaction::Gone;
  const std::string& status = *read;
  const auto reachable = receivable_signals(status);
  if (!reachable || status.find("\nState:\tZ") != std::string::npos) return Reaction::Gone;
  if (signal == SIGKILL || signal == SIGSTOP) return Reaction::Handles;
  if (signal < 1 || signal > 64) return Reaction::Drops;
  if (waited || may_wait()) return Reaction::Handles;
  return ((*reachable >> static_cast<unsigned>(signal - 1)) & 1U) != 0 ? Reaction::Handles : Reaction::Drops;
}

}  // namespace davit::process
