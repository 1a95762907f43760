#include "embedded/leftover_programs.hpp"

#include <sys/stat.h>
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

enum class Kind { Other, Runtime, Keeper };

/// What names the same paths below another root is another davit's: in a container, or in a chroot.
bool has_our_root(pid_t pid) {
  struct stat theirs{};
  struct stat ours{};
  return ::stat(("/proc/" + std::to_string(pid) + "/root").c_str(), &theirs) == 0 && ::stat("/", &ours) == 0 &&
         theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
}

Kind kind_of(pid_t pid, const Paths& paths) {
  const std::vector<std::string> command_line = command_line_of(pid);
  Kind kind = Kind::Other;
  if (is_runtime_of(command_line, paths.runtime_state())) kind = Kind::Runtime;
  if (is_keeper_of(command_line, paths.folder())) kind = Kind::Keeper;
  return kind != Kind::Other && has_our_root(pid) ? kind : Kind::Other;
}

struct Found {
  std::vector<process::PidFd> processes;  ///< keepers before their children
  EndedPrograms count;
};

Found leftover_programs(const Paths& paths, pid_t but_for) {
  Found found;
  std::error_code error;
  for (std::filesystem::directory_iterator at("/proc", error), end; !error && at != end; at.increment(error)) {
    const auto pid = pid_of(at->path().filename());
    if (!pid || *pid == ::getpid() || *pid == but_for || kind_of(*pid, paths) == Kind::Other) continue;
    auto process = process::PidFd::open(*pid);
    // Asked again, because the number may have come to another one meanwhile.
    const Kind kind = process ? kind_of(*pid, paths) : Kind::Other;
    if (kind == Kind::Other) continue;
    found.processes.push_back(std::move(*process));
    ++(kind == Kind::Keeper ? found.count.keepers : found.count.runtimes);
    if (kind != Kind::Keeper) continue;
    for (const pid_t child : children_of(*pid))
      if (auto childs = process::PidFd::open(child)) found.processes.push_back(std::move(*childs));
  }
  return found;
}

}  // namespace

bool is_runtime_of(const std::vector<std::string>& command_line, const std::string& state_folder) {
  const auto option = std::find(command_line.begin(), command_line.end(), "--root");
  return option != command_line.end() && option + 1 != command_line.end() && *(option + 1) == state_folder;
}

bool is_keeper_of(const std::vector<std::string>& command_line, const std::string& folder) {
  return command_line.size() > 2 && std::filesystem::path(command_line[0]).filename() == "davit-keeper" &&
         command_line[1] == "--folder" && command_line[2] == folder;
}

/// What such a program had started may live on for a moment, so there may be more than one round.
Task<EndedPrograms> end_leftover_programs(Paths paths, pid_t but_for, Timers& timers) {
  EndedPrograms ended;
  for (;;) {
    const Found found = leftover_programs(paths, but_for);
    if (found.processes.empty()) co_return ended;
    ended.runtimes += found.count.runtimes;
    ended.keepers += found.count.keepers;
    const TimedOut timed_out = co_await process::end_all(timers, found.processes, kKillLimit);
    if (timed_out == TimedOut::Yes)
      throw Error("a program that was left of project '" + paths.project + "' does not end after SIGKILL");
  }
}

}  // namespace davit::embedded
