#include "container_listing.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <tuple>

#include "go_template.hpp"
#include "human.hpp"

namespace davit::cli {
namespace {

using engine::ContainerState;
using engine::ObservedContainer;
using engine::PublishedPort;
using engine::WallTime;

constexpr std::size_t kShortId = 12;
constexpr std::size_t kShortCommand = 20;
constexpr std::size_t kShortMount = 15;

/// The first `size` characters (not bytes), the last of them an ellipsis when something was cut.
std::string cut(const std::string& text, std::size_t size) {
  std::vector<std::size_t> starts;
  for (std::size_t i = 0; i < text.size(); ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U) starts.push_back(i);
  if (starts.size() <= size) return text;
  return text.substr(0, starts[size - 1]) + "…";
}

std::string joined(const std::vector<std::string>& parts, std::string_view separator) {
  std::string text;
  for (const std::string& part : parts) text.append(text.empty() ? "" : separator).append(part);
  return text;
}

/// As Go's strconv.Quote, for the characters that are met in commands.
std::string go_quoted(const std::string& text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.append("\\").push_back(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else if (byte < 0x20 || byte == 0x7f) {
      out.append("\\x").push_back(kHex[byte >> 4U]);
      out.push_back(kHex[byte & 15U]);
    } else {
      out.push_back(c);
    }
  }
  return out + "\"";
}

/// As Docker's daemon (moby daemon/list.go): arguments with a blank in quotes, and nothing escaped.
std::string command_line(const std::vector<std::string>& command) {
  std::string text;
  for (std::size_t i = 0; i < command.size(); ++i) {
    const bool quoted = i > 0 && command[i].find(' ') != std::string::npos;
    if (i > 0) text += ' ';
    text += quoted ? "'" + command[i] + "'" : command[i];
  }
  return text;
}

std::string ago(WallTime then, WallTime now) {
  return human_duration(now - then) + " ago";
}

/// " 3 seconds ago"; nothing where the end was not seen, because keeper and supervisor were killed.
std::string ended(const engine::ObservedContainer& container, WallTime now) {
  return container.finished == WallTime{} ? "" : " " + ago(container.finished, now);
}

std::string health_note(const ObservedContainer& container) {
  if (container.health == engine::Health::None) return "";
  if (container.health == engine::Health::Starting) return " (health: starting)";
  return " (" + std::string(to_string(container.health)) + ")";
}

std::string address(const PublishedPort& port) {
  return port.host_ip.find(':') == std::string::npos ? port.host_ip : "[" + port.host_ip + "]";
}

/// Consecutive ports of one address that are published under their own numbers (or not at all).
struct PortRange {
  const PublishedPort* first = nullptr;
  std::uint16_t last = 0;

  [[nodiscard]] std::string text() const {
    std::string numbers = std::to_string(first->container_port);
    if (last != first->container_port) numbers += "-" + std::to_string(last);
    const std::string inside = numbers + "/" + first->protocol;
    if (first->host_port == 0) return inside;
    const std::string outside = first->host_port == first->container_port ? numbers : std::to_string(first->host_port);
    return address(*first) + ":" + outside + "->" + inside;
  }
  [[nodiscard]] bool goes_on_with(const PublishedPort& port) const {
    const bool same_numbers = first->host_port == 0
                                  ? port.host_port == 0
                                  : first->host_port == first->container_port && port.host_port == port.container_port;
    return same_numbers && port.host_ip == first->host_ip && port.protocol == first->protocol &&
           port.container_port == last + 1;
  }
};

/// "2026-11-23 03:30:00 +0000 UTC", as docker's CreatedAt.
std::string created_at(WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const auto days = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::year_month_day date{days};
  const std::chrono::hh_mm_ss clock{seconds - days};
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02u %02d:%02d:%02d +0000 UTC", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text.data();
}

std::string labels_text(const ObservedContainer& container) {
  std::vector<std::string> parts;
  for (const auto& [key, value] : container.labels) parts.push_back(key + "=" + value);
  return joined(parts, ",");
}

std::string mounts_text(const ObservedContainer& container, Truncate truncate) {
  std::vector<std::string> parts;
  for (const auto& mount : container.mounts) {
    if (mount.source.empty()) continue;
    parts.push_back(truncate == Truncate::Yes ? cut(mount.source, kShortMount) : mount.source);
  }
  return joined(parts, ",");
}

std::string local_volumes(const ObservedContainer& container) {
  return std::to_string(std::count_if(container.mounts.begin(), container.mounts.end(),
                                      [](const auto& mount) { return mount.kind == engine::Mount::Kind::Volume; }));
}

std::string networks_text(const ObservedContainer& container) {
  std::vector<std::string> names;
  for (const auto& network : container.networks) names.push_back(network.network);
  return joined(names, ",");
}

/// Every field that is text, by docker compose's names.
std::map<std::string, std::string> fields_of(const ObservedContainer& container, WallTime now, Truncate truncate) {
  const std::string id = container.id.str();
  return {{"Command", command_text(container.command, truncate)},
          {"CreatedAt", created_at(container.created)},
          {"ExitCode", std::to_string(container.exit_code)},
          {"Health", std::string(to_string(container.health))},
          {"ID", truncate == Truncate::Yes ? id.substr(0, kShortId) : id},
          {"Image", container.image_name},
          {"Labels", labels_text(container)},
          {"LocalVolumes", local_volumes(container)},
          {"Mounts", mounts_text(container, truncate)},
          {"Name", container.name},
          {"Names", container.name},
          {"Networks", networks_text(container)},
          {"Ports", ports_text(container.ports)},
          {"Project", container.project},
          {"RunningFor", ago(container.created, now)},
          {"Service", container.service},
          {"Size", "0B"},
          {"State", std::string(to_string(container.state))},
          {"Status", status_text(container, now)}};
}

boost::json::array publishers(const ObservedContainer& container) {
  boost::json::array list;
  for (const PublishedPort& port : container.ports) {
    boost::json::object one;
    one["URL"] = port.host_ip;
    one["TargetPort"] = port.container_port;
    one["PublishedPort"] = port.host_port;
    one["Protocol"] = port.protocol;
    list.push_back(std::move(one));
  }
  return list;
}

void sort_by_name(std::vector<ObservedContainer>& containers) {
  std::sort(containers.begin(), containers.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
}

/// As Go prints the list: "[{0.0.0.0 80 32768 tcp}]".
std::string publishers_text(const ObservedContainer& container) {
  std::vector<std::string> parts;
  for (const PublishedPort& port : container.ports)
    parts.push_back("{" + port.host_ip + " " + std::to_string(port.container_port) + " " +
                    std::to_string(port.host_port) + " " + port.protocol + "}");
  return "[" + joined(parts, " ") + "]";
}

boost::json::object json_of(const ObservedContainer& container, WallTime now, Truncate truncate) {
  boost::json::object object;
  for (const auto& [key, value] : fields_of(container, now, truncate)) {
    if (key == "ExitCode") {
      object[key] = container.exit_code;
    } else {
      object[key] = value;
    }
    if (key == "Project") object["Publishers"] = publishers(container);
  }
  return object;
}

TemplateLine template_line(const ObservedContainer& container, WallTime now, Truncate truncate) {
  TemplateLine line{fields_of(container, now, truncate), json_of(container, now, truncate), container.labels};
  line.fields["Publishers"] = publishers_text(container);
  return line;
}

}  // namespace

std::string shown_name(const ObservedContainer& container) {
  return shown_name(container.project, container.name);
}

std::string shown_name(const std::string& project, const std::string& container) {
  const std::string prefix = project + "-";
  return container.starts_with(prefix) ? container.substr(prefix.size()) : container;
}

std::string status_text(const ObservedContainer& container, WallTime now) {
  const std::string code = "(" + std::to_string(container.exit_code) + ")";
  if (container.unsupervised) return "Up " + human_duration(now - container.started) + " (unsupervised)";
  switch (container.state) {
    case ContainerState::Created:
      return "Created";
    case ContainerState::Running:
      return "Up " + human_duration(now - container.started) + health_note(container);
    case ContainerState::Paused:
      return "Up " + human_duration(now - container.started) + " (Paused)";
    case ContainerState::Restarting:
      return "Restarting " + code + ended(container, now);
    case ContainerState::Exited:
      return "Exited " + code + ended(container, now);
    case ContainerState::Dead:
      return "Dead";
  }
  return "";
}

std::string ports_text(const std::vector<PublishedPort>& ports) {
  std::vector<const PublishedPort*> sorted;
  for (const PublishedPort& port : ports) sorted.push_back(&port);
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) {
    return std::tie(a->host_ip, a->protocol, a->container_port, a->host_port) <
           std::tie(b->host_ip, b->protocol, b->container_port, b->host_port);
  });
  std::vector<PortRange> ranges;
  for (const PublishedPort* port : sorted) {
    if (!ranges.empty() && ranges.back().goes_on_with(*port)) {
      ranges.back().last = port->container_port;
    } else {
      ranges.push_back({port, port->container_port});
    }
  }
  // By port, an address after the other, as docker shows them.
  std::stable_sort(ranges.begin(), ranges.end(), [](const PortRange& a, const PortRange& b) {
    return std::tie(a.first->container_port, a.first->protocol) < std::tie(b.first->container_port, b.first->protocol);
  });
  std::vector<std::string> texts;
  for (const PortRange& range : ranges) texts.push_back(range.text());
  return joined(texts, ", ");
}

std::string command_text(const std::vector<std::string>& command, Truncate truncate) {
  const std::string whole = command_line(command);
  return go_quoted(truncate == Truncate::Yes ? cut(whole, kShortCommand) : whole);
}

std::string ps_table(std::vector<ObservedContainer> containers, WallTime now, Truncate truncate) {
  sort_by_name(containers);
  std::vector<std::vector<std::string>> rows{{"NAME", "IMAGE", "COMMAND", "SERVICE", "CREATED", "STATUS", "PORTS"}};
  for (const ObservedContainer& container : containers)
    rows.push_back({container.name, container.image_name, command_text(container.command, truncate), container.service,
                    ago(container.created, now), status_text(container, now), ports_text(container.ports)});
  return table(rows);
}

std::string ps_json_lines(std::vector<ObservedContainer> containers, WallTime now, Truncate truncate) {
  sort_by_name(containers);
  std::string lines;
  for (const ObservedContainer& container : containers)
    lines += boost::json::serialize(json_of(container, now, truncate)) + "\n";
  return lines;
}

std::string ps_template(std::vector<ObservedContainer> containers, WallTime now, Truncate truncate,
                        std::string_view text) {
  sort_by_name(containers);
  std::vector<TemplateLine> lines;
  for (const ObservedContainer& container : containers) lines.push_back(template_line(container, now, truncate));
  return render_template(text, template_line({}, now, truncate), lines);
}

}  // namespace davit::cli
