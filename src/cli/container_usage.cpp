#include "container_usage.hpp"

#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <sstream>

#include "go_template.hpp"
#include "human.hpp"

namespace davit::cli {
namespace {

constexpr const char* kCgroups = "/sys/fs/cgroup/";

std::int64_t number(std::string_view text) {
  std::int64_t value = 0;
  (void)std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// The value behind a name in a file of "name value" lines.
std::int64_t value_of(const std::string& text, const std::string& name) {
  std::istringstream lines(text);
  for (std::string key, value; lines >> key >> value;)
    if (key == name) return number(value);
  return 0;
}

/// Where the process is: folders of its groups by controller; "" is the v2 tree.
class Groups {
 public:
  Groups(std::string_view proc_cgroup, const ReadFile& read) : read_(read) {
    std::istringstream lines{std::string(proc_cgroup)};
    for (std::string line; std::getline(lines, line);) {
      const std::size_t first = line.find(':');
      const std::size_t second = line.find(':', first + 1);
      if (first == std::string::npos || second == std::string::npos) continue;
      const std::string controllers = line.substr(first + 1, second - first - 1);
      const std::string path = line.substr(second + 1);
      std::istringstream names(controllers);
      if (controllers.empty()) folders_[""] = kCgroups + path.substr(1);
      for (std::string name; std::getline(names, name, ',');) folders_[name] = kCgroups + controllers + path;
    }
  }
  /// Text of a v1 controller's file; "" when it is not there.
  [[nodiscard]] std::string v1(const std::string& controller, const std::string& file) const {
    const auto found = folders_.find(controller);
    return controller.empty() || found == folders_.end() ? "" : text(found->second + "/" + file);
  }
  [[nodiscard]] std::string v2(const std::string& file) const {
    const auto found = folders_.find("");
    return found == folders_.end() ? "" : text(found->second + "/" + file);
  }
  [[nodiscard]] bool has_v1(const std::string& controller) const { return folders_.contains(controller); }

 private:
  [[nodiscard]] std::string text(const std::string& path) const { return read_(path).value_or(""); }
  const ReadFile& read_;
  std::map<std::string, std::string> folders_;
};

void add_processor(const Groups& groups, Usage& out) {
  out.cpu_ns = groups.has_v1("cpuacct")
                   ? static_cast<std::uint64_t>(number(groups.v1("cpuacct", "cpuacct.usage")))
                   : static_cast<std::uint64_t>(value_of(groups.v2("cpu.stat"), "usage_usec")) * 1000;
}

void add_memory(const Groups& groups, std::int64_t machine, Usage& out) {
  const bool v1 = groups.has_v1("memory");
  const std::int64_t used = number(v1 ? groups.v1("memory", "memory.usage_in_bytes") : groups.v2("memory.current"));
  const std::int64_t droppable = v1 ? value_of(groups.v1("memory", "memory.stat"), "total_inactive_file")
                                    : value_of(groups.v2("memory.stat"), "inactive_file");
  const std::int64_t limit = number(v1 ? groups.v1("memory", "memory.limit_in_bytes") : groups.v2("memory.max"));
  out.memory = droppable < used ? used - droppable : used;
  out.memory_limit = limit > 0 && limit < machine ? limit : machine;
}

/// v1: "8:0 Read 4096"; v2: "8:0 rbytes=4096 wbytes=0 …".
void add_blocks(const Groups& groups, Usage& out) {
  std::istringstream v1(groups.v1("blkio", "blkio.throttle.io_service_bytes_recursive"));
  for (std::string line; std::getline(v1, line);) {
    std::istringstream words(line);
    std::string device;
    std::string kind;
    std::int64_t bytes = 0;
    if (!(words >> device >> kind >> bytes)) continue;
    if (kind == "Read") out.read += bytes;
    if (kind == "Write") out.written += bytes;
  }
  if (groups.has_v1("blkio")) return;
  std::istringstream v2(groups.v2("io.stat"));
  for (std::string word; v2 >> word;) {
    if (word.starts_with("rbytes=")) out.read += number(word.substr(7));
    if (word.starts_with("wbytes=")) out.written += number(word.substr(7));
  }
}

/// /proc/PID/net/dev: "eth0: <bytes received> …7 more… <bytes sent> …".
void add_network(const std::string& text, Usage& out) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    std::istringstream name(line.substr(0, colon));
    std::string interface;
    name >> interface;
    if (interface == "lo") continue;
    std::istringstream values(line.substr(colon + 1));
    std::array<std::int64_t, 9> columns{};
    for (std::int64_t& column : columns) values >> column;
    out.received += columns[0];
    out.sent += columns[8];
  }
}

/// `precision` digits: behind the point where `format` is fixed, in all where it is general.
std::string decimals(double value, std::chars_format format, int precision) {
  std::array<char, 400> text{};
  const auto written = std::to_chars(text.data(), text.data() + text.size(), value, format, precision);
  return {text.data(), written.ptr};
}

/// docker's BytesSize: four digits, factor 1024.
std::string binary_size(std::int64_t bytes) {
  constexpr std::array kUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024.0 && unit + 1 < kUnits.size(); ++unit) value /= 1024.0;
  return decimals(value, std::chars_format::general, 4) + kUnits.at(unit);
}

std::string percent(double part, double whole) {
  return decimals(whole > 0 ? part / whole * 100.0 : 0.0, std::chars_format::fixed, 2) + "%";
}

std::string processor(const UsageLine& line) {
  if (!line.before || line.now.cpu_ns < line.before->cpu_ns) return percent(0, 1);
  return percent(static_cast<double>(line.now.cpu_ns - line.before->cpu_ns), static_cast<double>(line.apart.count()));
}

/// Values by docker's member names.
std::map<std::string, std::string> fields_of(const UsageLine& line, std::size_t id_length) {
  const Usage& now = line.now;
  return {{"BlockIO", human_size(now.read) + " / " + human_size(now.written)},
          {"CPUPerc", processor(line)},
          {"Container", line.id.substr(0, id_length)},
          {"ID", line.id.substr(0, id_length)},
          {"MemPerc", percent(static_cast<double>(now.memory), static_cast<double>(now.memory_limit))},
          {"MemUsage", binary_size(now.memory) + " / " + binary_size(now.memory_limit)},
          {"Name", line.name},
          {"NetIO", human_size(now.received) + " / " + human_size(now.sent)},
          {"PIDs", std::to_string(now.processes)}};
}

boost::json::object json_of(const std::map<std::string, std::string>& fields) {
  boost::json::object out;
  for (const auto& [name, value] : fields) out[name] = value;
  return out;
}

TemplateLine template_line(const UsageLine& line, std::size_t id_length) {
  TemplateLine out;
  out.fields = fields_of(line, id_length);
  out.json = json_of(out.fields);
  return out;
}

}  // namespace

std::optional<Usage> read_usage(std::int64_t pid, std::int64_t machine_memory, const ReadFile& read) {
  const std::string process = "/proc/" + std::to_string(pid);
  const auto where = read(process + "/cgroup");
  if (!where) return std::nullopt;
  const Groups groups(*where, read);
  Usage out;
  add_processor(groups, out);
  add_memory(groups, machine_memory, out);
  add_blocks(groups, out);
  add_network(read(process + "/net/dev").value_or(""), out);
  out.processes = number(groups.has_v1("pids") ? groups.v1("pids", "pids.current") : groups.v2("pids.current"));
  return out;
}

std::string usage_text(const std::vector<UsageLine>& lines, UsageFormat format, std::size_t id_length) {
  std::vector<std::vector<std::string>> rows{
      {"CONTAINER ID", "NAME", "CPU %", "MEM USAGE / LIMIT", "MEM %", "NET I/O", "BLOCK I/O", "PIDS"}};
  std::string json;
  for (const UsageLine& line : lines) {
    const auto fields = fields_of(line, id_length);
    json += boost::json::serialize(json_of(fields)) + "\n";
    rows.push_back({fields.at("ID"), fields.at("Name"), fields.at("CPUPerc"), fields.at("MemUsage"),
                    fields.at("MemPerc"), fields.at("NetIO"), fields.at("BlockIO"), fields.at("PIDs")});
  }
  return format == UsageFormat::Json ? json : table(rows);
}

std::string usage_template(const std::vector<UsageLine>& lines, std::size_t id_length, std::string_view text) {
  std::vector<TemplateLine> rows;
  for (const UsageLine& line : lines) rows.push_back(template_line(line, id_length));
  return render_template(text, template_line({}, id_length), rows);
}

}  // namespace davit::cli
