#include "short_forms.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "davit/base/text.hpp"

namespace davit::compose {
namespace {

std::optional<int> port_number(std::string_view text) {
  int value = -1;
  if (text.starts_with('+')) text.remove_prefix(1);  // as Go reads numbers
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || value < 0 || value > 65535)
    return std::nullopt;
  return value;
}

struct Range {
  int first = 0;
  int last = 0;
};

/// A number or a range; `whose` is "container" or "host".
Result<Range, std::string> port_range(std::string_view text, std::string_view whose) {
  const std::size_t dash = text.find('-');
  const auto first = port_number(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : port_number(text.substr(dash + 1));
  if (!first || !last)
    return "the " + std::string(whose) + " port must be a number up to 65535 or a range, found '" + std::string(text) +
           "'";
  if (*last < *first)
    return "the range of " + std::string(whose) + " ports '" + std::string(text) + "' runs backwards, write '" +
           std::to_string(*last) + "-" + std::to_string(*first) + "'";
  return Range{*first, *last};
}

/// Where a part stands in the text that it is a part of.
TextPart part_of(std::string_view text, std::string_view part) {
  const auto from = static_cast<std::size_t>(part.data() - text.data());
  return {from, from + part.size()};
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_host_path(std::string_view source) {
  if (source.empty()) return false;
  return source[0] == '.' || source[0] == '/' || source[0] == '~' || source.starts_with("\\\\") ||
         (source.size() > 1 && is_letter(source[0]) && source[1] == ':');
}

/// At colons, but not after a Windows drive letter and not inside ${…}.
std::vector<std::string_view> split_volume(std::string_view text) {
  std::vector<std::string_view> parts;
  std::size_t from = 0;
  std::size_t braces = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '$' && i + 1 < text.size() && text[i + 1] == '{') ++braces;
    if (text[i] == '}' && braces > 0) --braces;
    const bool drive = i - from == 1 && is_letter(text[from]);
    if (text[i] != ':' || braces > 0 || drive) continue;
    parts.push_back(text.substr(from, i - from));
    from = i + 1;
  }
  parts.push_back(text.substr(from));
  return parts;
}

void set_volume_option(ShortVolume& volume, std::string_view option) {
  constexpr std::string_view kPropagations[] = {"rprivate", "private", "rshared", "shared", "rslave", "slave"};
  if (option == "ro" || option == "rw")
    volume.read_only = option == "ro";
  else if (option == "nocopy")
    volume.no_copy = true;
  else if (option == "z" || option == "Z")
    volume.selinux = option;
  else if (std::find(std::begin(kPropagations), std::end(kPropagations), option) != std::end(kPropagations))
    volume.propagation = option;
  else
    volume.unknown.emplace_back(option);
}

}  // namespace

bool is_ip_address(const std::string& text) {
  unsigned char buffer[16];
  return inet_pton(AF_INET, text.c_str(), buffer) == 1 || inet_pton(AF_INET6, text.c_str(), buffer) == 1;
}

Result<std::vector<ShortPort>, std::string> parse_short_port(std::string_view text) {
  const auto parts = split(text, ':');
  std::string_view container = parts.back();
  const std::string_view host = parts.size() > 1 ? parts[parts.size() - 2] : text.substr(0, 0);
  const std::size_t ip_size = parts.size() > 2 ? text.size() - container.size() - host.size() - 2 : 0;
  std::string ip(text.substr(0, ip_size));
  std::string protocol = "tcp";
  TextPart protocol_at{0, 0};
  if (const std::size_t slash = container.find('/'); slash != std::string_view::npos) {
    protocol = container.substr(slash + 1);
    protocol_at = part_of(text, container.substr(slash + 1));
    std::transform(protocol.begin(), protocol.end(), protocol.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    container = container.substr(0, slash);
    if (protocol.empty()) protocol = "tcp";
  }
  if (protocol != "tcp" && protocol != "udp" && protocol != "sctp")
    return "the protocol must be 'tcp', 'udp' or 'sctp', found '" + protocol + "'";
  if (ip.size() > 2 && ip.front() == '[' && ip.back() == ']') ip = ip.substr(1, ip.size() - 2);
  if (!ip.empty() && !is_ip_address(ip)) return "'" + ip + "' is not an IP address";
  if (container.empty()) return std::string("the container port is missing");
  const auto targets = port_range(container, "container");
  if (!targets) return targets.error();
  std::optional<Range> hosts;
  if (!host.empty()) {
    const auto range = port_range(host, "host");
    if (!range) return range.error();
    hosts = *range;
  }
  const int count = targets->last - targets->first + 1;
  if (hosts && count != 1 && hosts->last - hosts->first + 1 != count)
    return "the ranges differ in length: " + std::to_string(hosts->last - hosts->first + 1) + " host ports for " +
           std::to_string(count) + " container ports";
  std::vector<ShortPort> ports;
  for (int i = 0; i < count; ++i) {
    std::string published = hosts ? std::to_string(hosts->first + i) : std::string();
    if (hosts && count == 1 && hosts->last != hosts->first) published += "-" + std::to_string(hosts->last);
    ports.push_back({ip,
                     std::move(published),
                     targets->first + i,
                     protocol,
                     {0, ip_size},
                     part_of(text, host),
                     part_of(text, container),
                     protocol_at});
  }
  std::sort(ports.begin(), ports.end(), [](const ShortPort& a, const ShortPort& b) {
    return std::to_string(a.target) + "/" < std::to_string(b.target) + "/";
  });
  return ports;
}

Result<ShortVolume, std::string> parse_short_volume(std::string_view text) {
  ShortVolume volume;
  volume.type = "volume";
  if (text.empty()) return std::string("an empty volume");
  const auto parts = text.size() <= 2 ? std::vector<std::string_view>{text} : split_volume(text);
  for (const std::string_view part : parts)
    if (part.empty()) return "a part of '" + std::string(text) + "' is empty";
  if (parts.size() > 3) return "'" + std::string(text) + "' has too many colons";
  const std::string_view target = parts.size() == 1 ? parts[0] : parts[1];
  volume.target = target;
  volume.target_at = part_of(text, target);
  volume.source_at = volume.options_at = {0, 0};
  if (parts.size() > 1) {
    volume.source = parts[0];
    volume.source_at = part_of(text, parts[0]);
  }
  if (parts.size() == 3) {
    for (const std::string_view option : split(parts[2], ',')) set_volume_option(volume, option);
    volume.options_at = part_of(text, parts[2]);
  }
  if (is_host_path(volume.source)) volume.type = "bind";
  return volume;
}

Result<CommandLine, std::string> split_command(std::string_view text) {
  CommandLine line;
  std::string word;
  bool in_word = false;
  bool escaped = false;
  bool backquoted = false;
  bool substitution = false;
  char quote = 0;
  std::size_t started = 0;
  const auto end_word = [&](std::size_t end) {
    line.words.push_back(std::exchange(word, {}));
    line.parts.push_back({started, end});
    in_word = false;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (word.empty() && !in_word && quote == 0 && !escaped) started = i;
    if (escaped) {
      word += c == 't' ? '\t' : c == 'n' ? '\n' : c;
      escaped = false;
      in_word = true;
      continue;
    }
    if (c == '\\' && quote != '\'') {
      escaped = true;
      continue;
    }
    const bool plain = quote == 0 && !backquoted && !substitution;
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      if (!plain) {
        word += c;
      } else if (in_word) {
        end_word(i);
      }
      continue;
    }
    if ((c == '"' || c == '\'') && !substitution && (quote == 0 || quote == c)) {
      in_word = in_word || quote != 0;
      quote = quote == 0 ? c : '\0';
      continue;
    }
    if (c == '`' && quote == 0 && !substitution) backquoted = !backquoted;
    if (c == ')' && quote == 0 && !backquoted) substitution = !substitution;
    if (c == '(' && quote == 0 && !backquoted) {
      if (substitution || !word.ends_with('$'))
        return std::string("'(' has no meaning without a shell; quote it, or use [\"sh\", \"-c\", \"…\"]");
      substitution = true;
    }
    if (plain && std::string_view(";&|<>").find(c) != std::string_view::npos) {
      if (c == '>' && !word.empty() && word[0] >= '0' && word[0] <= '9') in_word = false;
      line.dropped = text.substr(i);
      break;
    }
    in_word = true;
    word += c;
  }
  if (in_word) end_word(text.size() - line.dropped.size());
  if (escaped) return std::string("a backslash at the end");
  if (quote != 0) return std::string("a quote (") + quote + ") that is never closed";
  if (backquoted) return std::string("a backquote that is never closed");
  if (substitution) return std::string("a ')' without '('");
  return line;
}

}  // namespace davit::compose
