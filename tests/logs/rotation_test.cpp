#include "davit/logs/rotation.hpp"

#include <gtest/gtest.h>

namespace davit::logs {
namespace {

using Options = std::map<std::string, std::string>;

TEST(Rotation, WithoutOptionsEverythingIsKept) {
  const auto policy = parse_rotation("", {});
  ASSERT_TRUE(policy);
  EXPECT_EQ(*policy, RotationPolicy{});
  EXPECT_EQ(policy->max_size, 0U);
}

TEST(Rotation, ReadsDockersOptions) {
  const auto policy = parse_rotation("json-file", {{"max-size", "10m"}, {"max-file", "3"}, {"mode", "non-blocking"}});
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->max_size, 10U << 20U);
  EXPECT_EQ(policy->max_files, 3U);
}

TEST(Rotation, LocalHasDockersDefaults) {
  const auto policy = parse_rotation("local", {{"max-file", "2"}});
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->max_size, 20U << 20U);
  EXPECT_EQ(policy->max_files, 2U);
}

TEST(Rotation, NoneKeepsNothing) {
  const auto policy = parse_rotation("none", {});
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->keep, RotationPolicy::Keep::Nothing);
}

struct Bad {
  std::string driver;
  Options options;
  std::string option;
  std::string part;
};

TEST(Rotation, MistakesNameTheOptionAndWhatIsAllowed) {
  const std::vector<Bad> cases{
      {"syslog", {}, "", "supported are json-file, local and none"},
      {"", {{"max-size", "big"}}, "max-size", "'big' is not a byte size"},
      {"", {{"max-size", "0"}}, "max-size", "above 0"},
      {"", {{"max-file", "0"}}, "max-file", "1 or more"},
      {"", {{"max-file", "2x"}}, "max-file", "1 or more"},
      {"", {{"max-fil", "2"}}, "max-fil", "did you mean 'max-file'?"},
      {"", {{"mode", "fast"}}, "mode", "blocking or non-blocking"},
      {"", {{"compress", "true"}}, "compress", "not supported yet"},
      {"", {{"tag", "x"}}, "tag", "not supported yet"},
  };
  for (const Bad& bad : cases) {
    const auto policy = parse_rotation(bad.driver, bad.options);
    ASSERT_FALSE(policy.has_value()) << bad.part;
    EXPECT_EQ(policy.error().option, bad.option);
    EXPECT_NE(policy.error().message.find(bad.part), std::string::npos) << policy.error().message;
  }
}

TEST(Rotation, FileNamesSortByNumberAndReadBack) {
  EXPECT_EQ(log_file_name(1), "000001.log");
  EXPECT_EQ(log_file_name(12345678), "12345678.log");
  for (const std::uint64_t number : {1U, 999'999U, 1'000'000U})
    EXPECT_EQ(log_file_number(log_file_name(number)), number);
  for (const auto* other : {"", ".log", "1.log", "00000x.log", "000001.txt", "-00001.log"})
    EXPECT_EQ(log_file_number(other), std::nullopt) << other;
}

}  // namespace
}  // namespace davit::logs
