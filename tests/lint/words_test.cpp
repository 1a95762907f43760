#include "lint/words.hpp"

#include <gtest/gtest.h>

namespace davit::lint {
namespace {

TEST(HasVariable, IgnoresDoubledDollarsAndLoneOnes) {
  EXPECT_TRUE(has_variable("a$B"));
  EXPECT_TRUE(has_variable("a${B:-c}"));
  EXPECT_TRUE(has_variable("$$$B"));
  EXPECT_FALSE(has_variable("a$$B"));
  EXPECT_FALSE(has_variable("a$1"));
  EXPECT_FALSE(has_variable("a$"));
}

TEST(LooksSecret, GoesByTheLastWord) {
  for (const char* name :
       {"PASSWORD", "db_password", "MYSQL-ROOT-PASSWORD", "a.b.secret", "X_TOKEN", "API_KEY", "DB_PASS"})
    EXPECT_TRUE(looks_secret(name, "abc")) << name;
  for (const char* name : {"PASSWORD_FILE", "TOKEN_URL", "SECRET_NAME", "BYPASS", "COMPASS", "KEYBOARD", "KEY", "PWD"})
    EXPECT_FALSE(looks_secret(name, "abc")) << name;
}

TEST(LooksSecret, SparesSwitchesPathsAndReferences) {
  for (const char* value :
       {"", "true", "No", "0", "/run/secrets/x", "./x", "~/x", "https://x", "urn:vault:x", "vault:x"})
    EXPECT_FALSE(looks_secret("PASSWORD", value)) << value;
  EXPECT_TRUE(looks_secret("PASSWORD", "123456"));
}

TEST(LooksSecret, WantsAnUnknownKeyToLookRandom) {
  EXPECT_FALSE(looks_secret("PARTITION_KEY", "customer"));
  EXPECT_TRUE(looks_secret("SALT_KEY", "0123456789abcdef0"));
  EXPECT_FALSE(looks_secret("PUBLIC_KEY", "0123456789abcdef0"));
}

TEST(Base60, FollowsYaml11) {
  EXPECT_EQ(base_60("22:22"), 1342);
  EXPECT_EQ(base_60("190:20:30"), 685230);
  EXPECT_EQ(base_60("8080:80"), -1);
  EXPECT_EQ(base_60("02:42"), -1);
  EXPECT_EQ(base_60("22"), -1);
  EXPECT_EQ(base_60("22:"), -1);
  EXPECT_EQ(base_60("1:2:3/tcp"), -1);
  EXPECT_EQ(base_60(""), -1);
  EXPECT_EQ(base_60("999999999999999999999999:1"), -1);
}

}  // namespace
}  // namespace davit::lint
