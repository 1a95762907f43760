#include "network/digest.hpp"

#include <openssl/evp.h>

#include "davit/base/error.hpp"

namespace davit::network {

std::array<std::uint8_t, 32> sha256(std::string_view text) {
  std::array<std::uint8_t, 32> digest{};
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1 || size != digest.size()) {
    throw Error("cannot compute a SHA-256 digest");
  }
  return digest;
}

std::string hex_digest(std::string_view text, std::size_t digits) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string hex;
  for (const auto byte : sha256(text)) {
    hex += kHex[byte >> 4U];
    hex += kHex[byte & 15U];
  }
  hex.resize(digits);
  return hex;
}

}  // namespace davit::network
