#pragma once
// Capability names and numbers (capabilities(7)). Private to the room.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace davit::container {

/// "CAP_CHOWN" is 0. Ordered by number.
[[nodiscard]] const std::vector<std::string>& capability_names();
/// "chown", "CAP_CHOWN": 0.
[[nodiscard]] std::optional<unsigned> capability_number(std::string_view name);

}  // namespace davit::container
