#include "davit/image/digest.hpp"

#include <gtest/gtest.h>

#include "davit/base/error.hpp"

namespace davit::image {
namespace {

// FIPS 180-4 example.
constexpr auto kAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(Digest, IsSha256InLowerHex) {
  EXPECT_EQ(digest_of("abc"), std::string("sha256:") + kAbc);
  Sha256 hash;
  hash.update(std::string_view("abc"));
  EXPECT_EQ(finish_digest(hash), std::string("sha256:") + kAbc);
}

TEST(Digest, OnlyWellFormedOnesReachAPath) {
  EXPECT_EQ(hex_of(digest_of("abc")), kAbc);
  for (const std::string bad : {"", "sha256:", "sha256:../../etc/passwd", kAbc, "sha512:"})
    EXPECT_THROW((void)hex_of(bad), Error) << bad;
  EXPECT_FALSE(is_sha256_digest("sha256:" + std::string(64, 'A')));
  EXPECT_FALSE(is_sha256_digest("sha256:" + std::string(63, 'a')));
}

}  // namespace
}  // namespace davit::image
