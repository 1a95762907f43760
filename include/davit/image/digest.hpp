#pragma once
// SHA-256, as images name things by it: "sha256:" and 64 hex digits.

#include <string>
#include <string_view>

#include "davit/base/sha256.hpp"

namespace davit::image {

/// "sha256:<hex>" of the bytes.
[[nodiscard]] std::string digest_of(std::string_view bytes);
/// Of what was hashed; ends the hash.
[[nodiscard]] std::string finish_digest(Sha256& hash);

/// True for "sha256:" and 64 lower-case hex digits: the only digests the store works with.
[[nodiscard]] bool is_sha256_digest(std::string_view text);
[[nodiscard]] bool is_lower_hex(std::string_view text);

/// The hex part of a digest that is_sha256_digest; throws davit::Error otherwise. What file names are made of, so
/// nothing from outside reaches a path unchecked.
[[nodiscard]] std::string hex_of(std::string_view digest);

}  // namespace davit::image
