#pragma once
// The short forms of Compose files: ports, volumes, devices, command lines.

#include <string>
#include <string_view>
#include <vector>

#include "davit/base/result.hpp"
#include "davit/compose/variables.hpp"

namespace davit::compose {

/// One container port of a short form such as "127.0.0.1:8000-8001:80-81/udp".
struct ShortPort {
  std::string host_ip;
  std::string published;  ///< "", "80" or "8000-8010"
  int target = 0;
  std::string protocol;  ///< "tcp" where nothing is said
  // Where they stand in the text; empty parts for what is not there.
  TextPart host_ip_at;
  TextPart published_at;
  TextPart target_at;
  TextPart protocol_at;
};

/// "[[ip:][host]:]container[/protocol]", each port a number or a range. Sorted as docker compose sorts them: by the
/// text "port/protocol".
[[nodiscard]] Result<std::vector<ShortPort>, std::string> parse_short_port(std::string_view text);

struct ShortVolume {
  std::string type;  ///< "bind" or "volume"
  std::string source;
  std::string target;
  bool read_only = false;
  bool no_copy = false;
  std::string propagation;
  std::string selinux;
  /// Options that mean nothing; docker compose ignores them without a word.
  std::vector<std::string> unknown;
  // Where they stand in the text; empty parts for what is not there.
  TextPart source_at;
  TextPart target_at;
  TextPart options_at;
};

/// "[source:]target[:options]"; Windows drives are no separators.
[[nodiscard]] Result<ShortVolume, std::string> parse_short_volume(std::string_view text);

struct CommandLine {
  std::vector<std::string> words;
  std::vector<TextPart> parts;  ///< where each word stands in the text
  /// What follows an unquoted ; & | < or >: there is no shell, and docker compose drops it.
  std::string dropped;
};

/// Splits a command line into words: blanks separate, quotes group, a backslash escapes.
[[nodiscard]] Result<CommandLine, std::string> split_command(std::string_view text);

/// An IPv4 or IPv6 address.
[[nodiscard]] bool is_ip_address(const std::string& text);

}  // namespace davit::compose
