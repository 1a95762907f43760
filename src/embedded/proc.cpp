#include "embedded/proc.hpp"

#include <iterator>
#include <sstream>
#include <string>

#include "davit/base/files.hpp"
#include "davit/process/proc_stat.hpp"

namespace davit::embedded {

std::optional<ProcessFacts> process_facts(pid_t pid) {
  if (pid <= 0) return std::nullopt;
  return process_facts("/proc/" + std::to_string(pid) + "/stat");
}

std::optional<ProcessFacts> process_facts(const std::string& stat_file) {
  const auto read = DiskFiles().read(stat_file);
  if (!read) return std::nullopt;  // it has ended, maybe between the opening and the reading
  const auto stat = process::parse_proc_stat(*read);
  if (!stat) return std::nullopt;
  return ProcessFacts{stat->parent, stat->state, stat->start_time};
}

std::optional<std::int64_t> process_start_time(pid_t pid) {
  const auto facts = process_facts(pid);
  if (!facts) return std::nullopt;
  return facts->start_time;
}

std::vector<pid_t> children_of(pid_t pid) {
  const std::string number = std::to_string(pid);
  const auto text = DiskFiles().read("/proc/" + number + "/task/" + number + "/children");
  if (!text) return {};
  std::istringstream in(*text);
  return {std::istream_iterator<pid_t>(in), {}};
}

}  // namespace davit::embedded
