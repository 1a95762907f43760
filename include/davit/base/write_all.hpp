#pragma once
// Writing the whole of a text.

#include <string_view>

namespace davit {

/// Writes all of it, however often write(2) stops half-way. False, with an errno, when it fails; a part may be written.
[[nodiscard]] bool write_all(int fd, std::string_view bytes);

}  // namespace davit
