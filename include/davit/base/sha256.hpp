#pragma once
// SHA-256 (FIPS 180-4), by OpenSSL.

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace davit {

/// Hashes bytes as they come.
class Sha256 {
 public:
  using Bytes = std::array<std::uint8_t, 32>;

  /// Throws Error when OpenSSL cannot compute it.
  Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  ~Sha256();

  void update(std::string_view bytes);
  void update(std::span<const char> bytes) { update(std::string_view(bytes.data(), bytes.size())); }
  /// Ends the hash: call one of these, once.
  [[nodiscard]] Bytes finish();
  /// In 64 hex digits, lower case.
  [[nodiscard]] std::string finish_hex();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

[[nodiscard]] Sha256::Bytes sha256(std::string_view bytes);
/// In 64 hex digits, lower case.
[[nodiscard]] std::string sha256_hex(std::string_view bytes);

}  // namespace davit
