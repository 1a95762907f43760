#pragma once
// SHA-256, as images name things by it: "sha256:" and 64 hex digits.

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace davit::image {

/// Hashes bytes as they come.
class Sha256 {
 public:
  Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  ~Sha256();

  void update(std::string_view bytes);
  void update(std::span<const char> bytes) { update(std::string_view(bytes.data(), bytes.size())); }
  /// 64 hex digits. Ends the hash: call it once.
  [[nodiscard]] std::string finish_hex();
  /// "sha256:" and finish_hex().
  [[nodiscard]] std::string finish() { return "sha256:" + finish_hex(); }

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

[[nodiscard]] std::string sha256_hex(std::string_view bytes);
/// "sha256:<hex>" of the bytes.
[[nodiscard]] std::string digest_of(std::string_view bytes);

/// True for "sha256:" and 64 lower-case hex digits: the only digests the store works with.
[[nodiscard]] bool is_sha256_digest(std::string_view text);
[[nodiscard]] bool is_lower_hex(std::string_view text);

/// The hex part of a digest that is_sha256_digest; throws davit::Error otherwise. What file names are made of, so
/// nothing from outside reaches a path unchecked.
[[nodiscard]] std::string hex_of(std::string_view digest);

}  // namespace davit::image
