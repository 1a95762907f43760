#pragma once
// SHA-256 for configuration hashes.

#include <openssl/evp.h>

#include <array>
#include <string>
#include <string_view>

#include "davit/base/error.hpp"

namespace davit::plan {

/// In lower-case hex.
[[nodiscard]] inline std::string sha256_hex(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1)
    throw Error("cannot compute a SHA-256 digest");
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(size * 2U);
  for (unsigned int i = 0; i < size; ++i) {
    out += kDigits[digest[i] >> 4U];
    out += kDigits[digest[i] & 15U];
  }
  return out;
}

}  // namespace davit::plan
