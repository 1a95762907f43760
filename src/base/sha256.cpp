#include "davit/base/sha256.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "davit/base/error.hpp"

namespace davit {
namespace {

/// Without the host's OpenSSL configuration: a hash does not depend on it, and to read it takes as long as a hundred
/// short hashes, in every command. Null if there is no such algorithm.
const EVP_MD* fetch_algorithm() {
  OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, nullptr);
  return EVP_MD_fetch(nullptr, "SHA256", nullptr);
}

const EVP_MD* algorithm() {
  static const EVP_MD* const fetched = fetch_algorithm();
  return fetched;
}

void check(int result) {
  if (result != 1) throw Error("cannot compute a SHA-256 hash");
}

std::string hex(const Sha256::Bytes& bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(2 * bytes.size());
  for (const std::uint8_t byte : bytes) {
    out += kDigits[byte >> 4U];
    out += kDigits[byte & 15U];
  }
  return out;
}

}  // namespace

struct Sha256::Context {
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> evp{EVP_MD_CTX_new()};
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  check(EVP_DigestInit_ex(context_->evp.get(), algorithm(), nullptr));
}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::update(std::string_view bytes) {
  check(EVP_DigestUpdate(context_->evp.get(), bytes.data(), bytes.size()));
}

Sha256::Bytes Sha256::finish() {
  Bytes bytes{};
  check(EVP_DigestFinal_ex(context_->evp.get(), bytes.data(), nullptr));
  return bytes;
}

std::string Sha256::finish_hex() {
  return hex(finish());
}

Sha256::Bytes sha256(std::string_view bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

std::string sha256_hex(std::string_view bytes) {
  return hex(sha256(bytes));
}

}  // namespace davit
