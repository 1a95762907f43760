// Whether a container without a health check is up: Readiness decides, this looks at /proc.

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "davit/base/files.hpp"
#include "davit/health/readiness.hpp"
#include "davit/network/ports.hpp"
#include "embedded/proc.hpp"
#include "embedded/project_engine.hpp"

namespace davit::embedded {
namespace {

using health::Look;

/// Whether others than the container itself reach a socket with this address. ::ffff:127.0.0.1 is loopback as well.
bool is_reachable(const network::IpAddress& address) {
  if (address.is_loopback()) return false;
  const auto& bytes = address.bytes();
  const bool mapped = !address.is_v4() && bytes[10] == 0xff && bytes[11] == 0xff &&
                      std::all_of(bytes.begin(), bytes.begin() + 10, [](std::uint8_t byte) { return byte == 0; });
  return !mapped || bytes[12] != 127;
}

/// The ports at which somebody listens in the network namespace of the process.
std::set<std::uint16_t> listening_ports(pid_t pid) {
  std::set<std::uint16_t> ports;
  for (const char* const table : {"tcp", "tcp6"}) {
    const auto text = DiskFiles().read("/proc/" + std::to_string(pid) + "/net/" + table);
    if (!text) continue;
    for (const auto& socket : network::parse_socket_table(*text, network::Protocol::Tcp))
      if (is_reachable(socket.address)) ports.insert(socket.port);
  }
  return ports;
}

bool is_asleep(char state) {
  return state != 'R' && state != 'D';
}

/// Every thread counts: that of main() often waits for the others.
bool is_asleep(pid_t pid) {
  std::error_code gone;
  const std::string tasks = "/proc/" + std::to_string(pid) + "/task";
  for (const auto& task : std::filesystem::directory_iterator(tasks, gone)) {
    const auto facts = process_facts(task.path() / "stat");
    if (facts && !is_asleep(facts->state)) return false;
  }
  return true;
}

}  // namespace

Task<engine::Readiness> ProjectEngine::await_ready(ContainerId id, engine::ReadyLimits limits) {
  using Outcome = engine::Readiness::Outcome;
  const RecordPtr record = find(id);
  while (record->phase == Record::Phase::Starting) co_await record->changed.wait();
  const std::uint64_t run = record->run;
  health::Readiness readiness(awaited_ports(*record, limits), {.listen = limits.listen}, began(*record));
  for (;;) {
    if (record->run != run || record->phase != Record::Phase::Up || !record->is_running())
      co_return engine::Readiness{Outcome::Ended, {}};
    const std::optional<Look> look = look_at(*record, readiness);
    if (!look) {  // the keeper is about to tell of its end
      co_await record->changed.wait();
      continue;
    }
    const auto action = readiness.looked(*look, timers_.now());
    if (std::holds_alternative<health::Readiness::Ready>(action)) co_return engine::Readiness{};
    if (const auto* silent = std::get_if<health::Readiness::Silent>(&action))
      co_return engine::Readiness{Outcome::Silent, silent->ports};
    const auto wait = std::get<health::Readiness::LookAgain>(action).at - timers_.now();
    Task<void> changing = record->changed.wait();
    co_await with_timeout(timers_, std::chrono::duration_cast<Timers::Clock::duration>(wait), std::move(changing));
  }
}

/// Ports are published for containers on networks of their own alone.
std::vector<std::uint16_t> ProjectEngine::awaited_ports(const Record& record, const engine::ReadyLimits& limits) {
  std::vector<std::uint16_t> ports;
  if (limits.listen.count() == 0 || record.network.ports.empty()) return ports;
  for (const auto& port : record.spec.ports)
    if (port.protocol == "tcp" && std::find(ports.begin(), ports.end(), port.container_port) == ports.end())
      ports.push_back(port.container_port);
  return ports;
}

/// When the run began, on the clock of the timers.
Timers::Clock::time_point ProjectEngine::began(const Record& record) const {
  const std::int64_t age = std::max<std::int64_t>(0, state::wall_time_now() - record.row.started);
  return timers_.now() - std::chrono::duration_cast<Timers::Clock::duration>(std::chrono::nanoseconds(age));
}

/// nullopt when the process has ended.
std::optional<health::Look> ProjectEngine::look_at(const Record& record, const health::Readiness& readiness) const {
  const auto pid = static_cast<pid_t>(record.row.pid);
  const auto facts = process_facts(pid);
  if (!facts || facts->state == 'Z') return std::nullopt;
  Look look;
  if (readiness.needs_ports()) {
    look.listening = listening_ports(pid);
    return look;
  }
  const auto processes = cgroups_.processes(paths_.cgroup(record.id()));
  const auto sleeps = [](pid_t process) { return is_asleep(process); };
  if (is_asleep(pid) && std::all_of(processes.begin(), processes.end(), sleeps)) look.activity = Look::Activity::Asleep;
  return look;
}

}  // namespace davit::embedded
