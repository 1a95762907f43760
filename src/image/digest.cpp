#include "davit/image/digest.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <string>

#include "davit/base/error.hpp"

namespace davit::image {

struct Sha256::Context {
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> evp{EVP_MD_CTX_new()};
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  if (EVP_DigestInit_ex(context_->evp.get(), EVP_sha256(), nullptr) != 1) throw Error("cannot begin a sha256 hash");
}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::update(std::string_view bytes) {
  if (EVP_DigestUpdate(context_->evp.get(), bytes.data(), bytes.size()) != 1)
    throw Error("cannot continue a sha256 hash");
}

std::string Sha256::finish_hex() {
  std::array<unsigned char, 32> digest{};
  if (EVP_DigestFinal_ex(context_->evp.get(), digest.data(), nullptr) != 1) throw Error("cannot end a sha256 hash");
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  hex.reserve(64);
  for (const unsigned char byte : digest) {
    hex += kDigits[byte >> 4U];
    hex += kDigits[byte & 15U];
  }
  return hex;
}

std::string sha256_hex(std::string_view bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish_hex();
}

std::string digest_of(std::string_view bytes) {
  return "sha256:" + sha256_hex(bytes);
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
