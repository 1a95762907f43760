#include "davit/image/reference.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace davit::image {
namespace {

using ::testing::HasSubstr;

const std::string kDigest = "sha256:" + std::string(64, 'a');

Reference parsed(const std::string& text) {
  return Reference::parse(text).value();
}
Diagnostic refused(const std::string& text) {
  auto result = Reference::parse(text);
  return result ? Diagnostic::error("", "accepted: " + result->to_string()) : result.error();
}

TEST(Reference, GetsDomainLibraryAndLatest) {
  EXPECT_EQ(parsed("redis").to_string(), "docker.io/library/redis:latest");
  EXPECT_EQ(parsed("redis:7-alpine").to_string(), "docker.io/library/redis:7-alpine");
  EXPECT_EQ(parsed("acme/api").to_string(), "docker.io/acme/api:latest");
  EXPECT_EQ(parsed("index.docker.io/redis").to_string(), "docker.io/library/redis:latest");
}

TEST(Reference, FirstPartIsAHostWhenItLooksLikeOne) {
  EXPECT_EQ(parsed("localhost/x").domain(), "localhost");
  EXPECT_EQ(parsed("ghcr.io/acme/api:1").domain(), "ghcr.io");
  EXPECT_EQ(parsed("registry:5000/api").domain(), "registry:5000");
  EXPECT_EQ(parsed("Registry/api").domain(), "Registry");
  EXPECT_EQ(parsed("[::1]:5000/api").domain(), "[::1]:5000");
  EXPECT_EQ(parsed("acme/team/api").domain(), "docker.io");
  // A port, not a tag: there is no path before it.
  EXPECT_EQ(parsed("registry:5000").to_string(), "docker.io/library/registry:5000");
}

TEST(Reference, DigestRulesAndTheTagStaysForDisplay) {
  const Reference both = parsed("redis:7@" + kDigest);
  EXPECT_EQ(both.tag(), "7");
  EXPECT_EQ(both.digest(), kDigest);
  EXPECT_EQ(both.key(), "docker.io/library/redis@" + kDigest);
  EXPECT_EQ(both.familiar(), "redis:7@" + kDigest);
  EXPECT_EQ(parsed("redis@" + kDigest).tag(), std::nullopt);
}

TEST(Reference, FamiliarFormLeavesOutWhatWasAdded) {
  EXPECT_EQ(parsed("docker.io/library/redis").familiar(), "redis:latest");
  EXPECT_EQ(parsed("docker.io/acme/api:1").familiar(), "acme/api:1");
  EXPECT_EQ(parsed("ghcr.io/acme/api").familiar_name(), "ghcr.io/acme/api");
}

TEST(Reference, OwnTextParsesToItself) {
  for (const char* text : {"redis", "ghcr.io/a/b_c/d--e:x.y-z", "localhost:1/a__b"}) {
    const Reference reference = parsed(text);
    EXPECT_EQ(parsed(reference.to_string()), reference);
    EXPECT_EQ(parsed(reference.familiar()), reference);
  }
}

TEST(Reference, RefusesWhatIsNone) {
  for (const char* bad : {"", "a//b", "/a", "a/", "a:", "a:-x", "a@sha256:ab", "a b", "a..b", "a___b", "-a", "a-",
                          "a_/b", "a/_b", "-host.io/a", "host.io:port/a", "a:x:y"})
    EXPECT_FALSE(Reference::parse(bad)) << bad;
  EXPECT_THAT(refused(std::string(64, 'a')).message, HasSubstr("image id"));
  EXPECT_THAT(refused(std::string(250, 'a')).message, HasSubstr("longer than 255"));
  EXPECT_FALSE(Reference::parse("a:" + std::string(129, 'x')));
  EXPECT_TRUE(Reference::parse("a:" + std::string(128, 'x')));
}

TEST(Reference, UpperCaseGetsAHint) {
  const Diagnostic diagnostic = refused("acme/MyApp:Tag");
  EXPECT_THAT(diagnostic.message, HasSubstr("upper-case"));
  EXPECT_EQ(diagnostic.hint, "did you mean 'acme/myapp:tag'?");
}

}  // namespace
}  // namespace davit::image
