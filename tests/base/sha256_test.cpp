#include "davit/base/sha256.hpp"

#include <gtest/gtest.h>

namespace davit {
namespace {

// The examples of FIPS 180-4.
constexpr auto kOfNothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr auto kOfAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(Sha256, OfBytesAtOnce) {
  EXPECT_EQ(sha256_hex(""), kOfNothing);
  EXPECT_EQ(sha256_hex("abc"), kOfAbc);
  EXPECT_EQ(sha256("abc")[0], 0xBA);
  EXPECT_EQ(sha256("abc")[31], 0xAD);
}

TEST(Sha256, OfBytesAsTheyCome) {
  Sha256 hash;
  hash.update(std::string_view("a"));
  hash.update(std::string_view());
  hash.update(std::string_view("bc"));
  EXPECT_EQ(hash.finish_hex(), kOfAbc);
}

TEST(Sha256, GoesOnAfterAMove) {
  Sha256 first;
  first.update(std::string_view("ab"));
  Sha256 second = std::move(first);
  second.update(std::string_view("c"));
  EXPECT_EQ(second.finish_hex(), kOfAbc);
}

}  // namespace
}  // namespace davit
