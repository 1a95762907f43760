#pragma once
// Base64 by OpenSSL. Private to the room.

#include <string>
#include <string_view>

namespace davit::container {

[[nodiscard]] std::string base64(std::string_view bytes);

}  // namespace davit::container
