#pragma once
// What is written in a box.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "davit/base/text.hpp"
#include "davit/picture/picture.hpp"

namespace davit::picture {

struct Label {
  std::string title;
  std::vector<std::string> lines;  ///< below it: image or build, ports, networks, profiles
};

/// True if some service is on another network than the default one: only then networks are worth a line.
[[nodiscard]] bool shows_networks(const Picture& picture);
/// `networks`: whether the label names them. Characters that would move the cursor are replaced.
enum class NetworkLine { No, Yes };
[[nodiscard]] Label label_of(const Box& box, NetworkLine networks);

/// "back (internal)", one for each network.
[[nodiscard]] std::vector<std::string> network_notes(const Picture& picture);

/// The network that the service is on, and on no other; empty if there is none. A frame can be drawn around such
/// services.
[[nodiscard]] std::string only_network(const Box& box);

/// At most `columns` wide; what is cut off is shown by "…".
[[nodiscard]] std::string clipped(std::string_view text, std::size_t columns);

}  // namespace davit::picture
