#pragma once
// Values of docker build's flags. Pure.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "davit/build/build.hpp"

namespace davit::cli {

/// "id=token,src=file", "id=token,env=NAME", with or without "type=…"; an id alone is a variable of that name, as
/// docker has it. Throws Error for anything else.
struct SecretFlag {
  std::string id;
  std::string file;  ///< one of these two
  std::string variable;
  friend bool operator==(const SecretFlag&, const SecretFlag&) = default;
};
[[nodiscard]] SecretFlag parse_secret(const std::string& text);

/// "default", "none", "host"; "" is the default. Throws Error for a network of another name: BuildKit takes none
/// either.
[[nodiscard]] build::RunNetworkMode parse_run_network(const std::string& text);

/// The names after --allow. Throws Error for what davit cannot grant.
[[nodiscard]] build::HostNetwork parse_allowed(const std::vector<std::string>& names);

/// "name:address", "name=address", an IPv6 address with or without brackets. Throws Error.
[[nodiscard]] std::pair<std::string, std::string> parse_added_host(const std::string& text);

/// "nofile=1024", "nofile=1024:2048", -1 for no limit. Throws Error.
[[nodiscard]] engine::Ulimit parse_ulimit(const std::string& text);

/// BuildKit's words for the result of --check: "Check complete, 2 warnings have been found!".
[[nodiscard]] std::string check_summary(std::size_t findings);

}  // namespace davit::cli
