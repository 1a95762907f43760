#include "embedded/leftover_runtimes.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>

#include "davit/base/error.hpp"
#include "davit/base/files.hpp"
#include "davit/process/pidfd.hpp"
#include "embedded/proc.hpp"

namespace davit::embedded {
namespace {

using namespace std::chrono_literals;

constexpr auto kKillLimit = 15s;  ///< for the kernel to end what got SIGKILL

std::vector<std::string> command_line_of(pid_t pid) {
  const auto text = DiskFiles().read("/proc/" + std::to_string(pid) + "/cmdline");
  if (!text) return {};  // it has ended
  std::vector<std::string> words;
  for (std::string_view rest = *text; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\0'), rest.size());
    words.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return words;
}

std::optional<pid_t> pid_of(const std::string& name) {
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
  if (error != std::errc{} || end != name.data() + name.size()) return std::nullopt;
  return pid;
}

std::vector<process::PidFd> runtimes_of(const std::string& state_folder) {
  std::vector<process::PidFd> found;
  std::error_code error;
  for (std::filesystem::directory_iterator at("/proc", error), end; !error && at != end; at.increment(error)) {
    const auto pid = pid_of(at->path().filename());
    if (!pid || *pid == ::getpid() || !is_runtime_of(command_line_of(*pid), state_folder)) continue;
    auto process = process::PidFd::open(*pid);
    // Asked again, because the number may have come to another one meanwhile.
    if (process && is_runtime_of(command_line_of(*pid), state_folder)) found.push_back(std::move(*process));
  }
  return found;
}

}  // namespace

bool is_runtime_of(const std::vector<std::string>& command_line, const std::string& state_folder) {
  const auto option = std::find(command_line.begin(), command_line.end(), "--root");
  return option != command_line.end() && option + 1 != command_line.end() && *(option + 1) == state_folder;
}

/// What such a program had started may live on for a moment, so there may be more than one round.
Task<std::size_t> end_leftover_runtimes(Paths paths, Timers& timers) {
  std::size_t count = 0;
  for (;;) {
    const std::vector<process::PidFd> programs = runtimes_of(paths.runtime_state());
    if (programs.empty()) co_return count;
    count += programs.size();
    for (const auto& program : programs) (void)program.send(SIGKILL);
    for (const auto& program : programs) {
      Task<void> ending = program.ended();
      const TimedOut timed_out = co_await with_timeout(timers, kKillLimit, std::move(ending));
      if (timed_out == TimedOut::Yes)
        throw Error("a container runtime of project '" + paths.project + "' does not end after SIGKILL");
    }
  }
}

}  // namespace davit::embedded
