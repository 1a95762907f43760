#pragma once
// The list of `security_opt`, read. Private to the room.

#include <optional>
#include <string>
#include <vector>

namespace davit::container {

struct SecurityOptions {
  bool no_new_privileges = false;
  std::optional<std::string> seccomp;   ///< "unconfined" or a profile file
  std::optional<std::string> apparmor;  ///< "unconfined" or a profile name
  bool system_paths_unconfined = false;
  bool writable_cgroups = false;
};

/// "key=value", "key:value" or "no-new-privileges". Throws Error for an unknown key or value.
[[nodiscard]] SecurityOptions read_security_options(const std::vector<std::string>& options);

}  // namespace davit::container
