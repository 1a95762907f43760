#pragma once
// `device_cgroup_rules`: which devices a container may use, without a node for them in its /dev.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace davit::engine {

struct DeviceRule {
  char type = 'a';                    ///< 'a' all, 'c' character, 'b' block
  std::optional<std::int64_t> major;  ///< none: every number
  std::optional<std::int64_t> minor;
  std::string access;  ///< of r, w, m (mknod)
  friend bool operator==(const DeviceRule&, const DeviceRule&) = default;
};

/// "c 1:3 rwm", "b *:* m", as Docker takes them (moby daemon/container: ^([acb]) ([0-9]+|\*):([0-9]+|\*)
/// ([rwm]{1,3})$). nullopt for anything else, and for numbers that no device has.
[[nodiscard]] std::optional<DeviceRule> parse_device_rule(std::string_view text);

}  // namespace davit::engine
