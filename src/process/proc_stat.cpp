#include "davit/process/proc_stat.hpp"

#include <sstream>

namespace davit::process {

// "1 (name with blanks) S 0 1 1 0 -1 flags minflt cminflt majflt cmajflt utime stime ... starttime": proc(5)
std::optional<ProcStat> parse_proc_stat(std::string_view text) {
  const std::size_t open = text.find('(');
  const std::size_t close = text.rfind(')');  // the name may hold anything, brackets too
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return std::nullopt;
  std::istringstream fields{std::string(text.substr(close + 1))};
  const auto skip = [&fields](int first, int last) {
    std::string skipped;
    for (int field = first; field <= last; ++field) fields >> skipped;
  };
  ProcStat stat;
  stat.name = text.substr(open + 1, close - open - 1);
  std::int64_t user_time = 0;
  std::int64_t system_time = 0;
  fields >> stat.state >> stat.parent;  // 3 and 4
  skip(5, 6);
  fields >> stat.terminal;
  skip(8, 13);
  fields >> user_time >> system_time;
  skip(16, 21);
  fields >> stat.start_time;
  if (!fields) return std::nullopt;
  stat.cpu_time = user_time + system_time;
  return stat;
}

}  // namespace davit::process
