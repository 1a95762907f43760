#include "process_listing.hpp"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <sstream>

#include "davit/base/files.hpp"
#include "davit/process/proc_stat.hpp"
#include "human.hpp"

namespace davit::cli {
namespace {

constexpr std::size_t kNarrowest = 4;  ///< docker compose's columns here

std::string words_of(std::string cmdline, const std::string& name) {
  while (!cmdline.empty() && cmdline.back() == '\0') cmdline.pop_back();
  std::replace(cmdline.begin(), cmdline.end(), '\0', ' ');
  return cmdline.empty() ? "[" + name + "]" : cmdline;
}

/// The kernel's number of a terminal: major and minor are spread over the bits.
std::string terminal_name(unsigned device) {
  const unsigned major = (device >> 8U) & 0xfffU;
  const unsigned minor = (device & 0xffU) | ((device >> 12U) & 0xfff00U);
  if (device == 0) return "?";
  return major >= 136 && major <= 143 ? "pts/" + std::to_string(minor + (major - 136) * 256)
                                      : "tty" + std::to_string(minor);
}

std::string text_of(std::chrono::seconds time) {
  const std::chrono::hh_mm_ss clock{time};
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%02d:%02d:%02d", static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
  return text.data();
}

/// "18:15" today, "Nov25" before, as ps has it.
std::string start_text(std::chrono::sys_seconds started, std::chrono::sys_seconds now, std::chrono::seconds offset) {
  const auto local = started + offset;
  const auto day = std::chrono::floor<std::chrono::days>(local);
  if (day == std::chrono::floor<std::chrono::days>(now + offset)) return text_of(local - day).substr(0, 5);
  constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::chrono::year_month_day date{day};
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%s%02u", kMonths.at(static_cast<unsigned>(date.month()) - 1),
                static_cast<unsigned>(date.day()));
  return text.data();
}

std::string user_name(uid_t uid) {
  const passwd* const user = ::getpwuid(uid);
  return user != nullptr ? user->pw_name : std::to_string(uid);
}

std::string read(const std::string& path) {
  auto text = DiskFiles().read(path);
  return text ? *std::move(text) : "";
}

/// The lines "number:controllers:path" of a process, sorted.
std::vector<std::string> groups_of(pid_t pid) {
  std::istringstream in(read("/proc/" + std::to_string(pid) + "/cgroup"));
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  std::sort(lines.begin(), lines.end());
  return lines;
}

bool is_within(const std::vector<std::string>& groups, const std::vector<std::string>& container) {
  if (groups.size() != container.size()) return false;
  for (const std::string& line : container) {
    const bool found = std::any_of(groups.begin(), groups.end(),
                                   [&](const std::string& own) { return own == line || own.starts_with(line + "/"); });
    if (!found) return false;
  }
  return true;
}

ProcClock proc_clock() {
  ProcClock clock;
  clock.ticks_per_second = ::sysconf(_SC_CLK_TCK);
  std::istringstream in(read("/proc/stat"));
  for (std::string word; in >> word;) {
    long long boot = 0;
    if (word != "btime") continue;
    in >> boot;
    clock.boot = std::chrono::sys_seconds(std::chrono::seconds(boot));
  }
  return clock;
}

}  // namespace

std::optional<ProcessRow> parse_process(pid_t pid, const ProcTexts& texts, const ProcClock& clock) {
  const auto stat = process::parse_proc_stat(texts.stat);
  if (!stat) return std::nullopt;
  ProcessRow row;
  row.user = user_name(texts.uid);
  row.pid = pid;
  row.parent = stat->parent;
  row.terminal = terminal_name(stat->terminal);
  row.cpu_time = std::chrono::seconds(stat->cpu_time / clock.ticks_per_second);
  row.started = clock.boot + std::chrono::seconds(stat->start_time / clock.ticks_per_second);
  row.command = words_of(texts.cmdline, stat->name);
  return row;
}

std::string top_table(const std::vector<ContainerProcesses>& containers, std::chrono::sys_seconds now,
                      std::chrono::seconds offset) {
  std::vector<std::vector<std::string>> rows{
      {"SERVICE", "#", "UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"}};
  for (const auto& container : containers)
    for (const ProcessRow& row : container.processes) {
      const auto age = std::max(now - row.started, std::chrono::seconds(1));
      rows.push_back({container.service, std::to_string(container.number), row.user, std::to_string(row.pid),
                      std::to_string(row.parent), std::to_string(100 * row.cpu_time.count() / age.count()),
                      start_text(row.started, now, offset), row.terminal, text_of(row.cpu_time), row.command});
    }
  return table(rows, kNarrowest);
}

std::vector<ProcessRow> processes_of(pid_t first) {
  const std::vector<std::string> container = groups_of(first);
  const ProcClock clock = proc_clock();
  std::vector<ProcessRow> rows;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    const std::string name = entry.path().filename();
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error != std::errc{} || end != name.data() + name.size() || container.empty()) continue;
    struct stat owner{};
    if (!is_within(groups_of(pid), container) || ::stat(entry.path().c_str(), &owner) != 0) continue;
    const ProcTexts texts{read(entry.path() / "stat"), read(entry.path() / "cmdline"), owner.st_uid};
    if (auto row = parse_process(pid, texts, clock)) rows.push_back(*std::move(row));
  }
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.pid < b.pid; });
  return rows;
}

}  // namespace davit::cli
