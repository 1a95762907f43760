#pragma once
// Hashes and base64 by OpenSSL. Private to the room.

#include <string>
#include <string_view>

namespace davit::container {

[[nodiscard]] std::string sha256_hex(std::string_view text);
[[nodiscard]] std::string base64(std::string_view bytes);

}  // namespace davit::container
