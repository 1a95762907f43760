// A program that is asked to stop and then sleeps for nothing.

#include <algorithm>

#include "davit/base/files.hpp"
#include "embedded/proc.hpp"
#include "embedded/project_engine.hpp"

namespace davit::embedded {
namespace {

using namespace std::chrono_literals;

/// util-linux has one program under these names. busybox's su is replaced by its command and never seen here.
bool is_su(pid_t pid) {
  const auto name = DiskFiles().read("/proc/" + std::to_string(pid) + "/comm");
  return name && (*name == "su\n" || *name == "runuser\n");
}

}  // namespace

/// `su` as process 1 passes the stop signal on to its session, sleeps for two seconds, kills what is left of the
/// session and ends with the signal's code. When nothing is left to be killed, the same signal once more ends the
/// sleep, and no more: exit code and everything else stay su's own. (`x-davit: {full_stop_grace: true}` lets it sleep.)
Task<void> ProjectEngine::wake_su(RecordPtr record, int signal) {
  const auto pid = static_cast<pid_t>(record->row.pid);
  const std::uint64_t run = record->run;
  const auto runs = [&] { return record->run == run && record->phase == Record::Phase::Up; };
  if (record->spec.full_stop_grace || !is_su(pid)) co_return;
  while (runs()) {
    const auto session = other_process(*record);
    if (!session) break;
    Task<void> ending = session->ended();
    co_await std::move(ending);
  }
  // It may not be asleep yet: then the signal passes without effect.
  for (auto pause = 5ms; runs(); pause = std::min(pause * 2, 500ms)) {
    send(*record, signal);
    Task<void> changing = record->changed.wait();
    co_await with_timeout(timers_, pause, std::move(changing));
  }
}

/// A process of the container that lives and is not its first one.
std::optional<process::PidFd> ProjectEngine::other_process(const Record& record) const {
  for (const pid_t pid : cgroups_.processes(paths_.cgroup(record.id()))) {
    const auto facts = process_facts(pid);
    if (pid == record.row.pid || !facts || facts->state == 'Z') continue;
    if (auto process = process::PidFd::open(pid)) return process;
  }
  return std::nullopt;
}

}  // namespace davit::embedded
