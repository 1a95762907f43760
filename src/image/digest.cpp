#include "davit/image/digest.hpp"

#include <algorithm>
#include <string>

#include "davit/base/error.hpp"

namespace davit::image {

std::string digest_of(std::string_view bytes) {
  return "sha256:" + sha256_hex(bytes);
}

std::string finish_digest(Sha256& hash) {
  return "sha256:" + hash.finish_hex();
}

bool is_lower_hex(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_sha256_digest(std::string_view text) {
  return text.starts_with("sha256:") && text.size() == 7 + 64 && is_lower_hex(text.substr(7));
}

std::string hex_of(std::string_view digest) {
  if (!is_sha256_digest(digest))
    throw Error(Diagnostic::error(
        "bad-digest", "'" + std::string(digest) + "' is no digest: it must be 'sha256:' and 64 hex digits"));
  return std::string(digest.substr(7));
}

}  // namespace davit::image
