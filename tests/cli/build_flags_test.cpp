#include "cli/build_flags.hpp"

#include <gtest/gtest.h>

#include "davit/base/error.hpp"

namespace davit::cli {
namespace {

TEST(BuildFlags, SecretsComeFromFilesOrVariables) {
  EXPECT_EQ(parse_secret("id=a,src=f"), (SecretFlag{"a", "f", ""}));
  EXPECT_EQ(parse_secret("type=file,id=a,source=f"), (SecretFlag{"a", "f", ""}));
  EXPECT_EQ(parse_secret("id=a,env=V"), (SecretFlag{"a", "", "V"}));
  EXPECT_EQ(parse_secret("type=env,id=a,src=V"), (SecretFlag{"a", "", "V"})) << "as docker reads it";
  EXPECT_EQ(parse_secret("id=a"), (SecretFlag{"a", "", "a"}));
  for (const char* bad : {"", "src=f", "id=a,mode=1", "id=a,src=f,env=V", "type=pipe,id=a"})
    EXPECT_THROW((void)parse_secret(bad), Error) << bad;
}

TEST(BuildFlags, NetworksAreThree) {
  EXPECT_EQ(parse_run_network(""), build::RunNetworkMode::Sandbox);
  EXPECT_EQ(parse_run_network("default"), build::RunNetworkMode::Sandbox);
  EXPECT_EQ(parse_run_network("none"), build::RunNetworkMode::None);
  EXPECT_EQ(parse_run_network("host"), build::RunNetworkMode::Host);
  EXPECT_THROW((void)parse_run_network("bridge2"), Error);
}

TEST(BuildFlags, OnlyTheHostsNetworkCanBeAllowed) {
  EXPECT_EQ(parse_allowed({}), build::HostNetwork::Refused);
  EXPECT_EQ(parse_allowed({"network.host"}), build::HostNetwork::Allowed);
  EXPECT_THROW((void)parse_allowed({"network.host", "security.insecure"}), Error);
}

TEST(BuildFlags, AddedHostsTakeBothSeparatorsAndBothFamilies) {
  using Pair = std::pair<std::string, std::string>;
  EXPECT_EQ(parse_added_host("db:10.0.0.7"), Pair("db", "10.0.0.7"));
  EXPECT_EQ(parse_added_host("db=::1"), Pair("db", "::1"));
  EXPECT_EQ(parse_added_host("db:[fd00::1]"), Pair("db", "fd00::1"));
  EXPECT_EQ(parse_added_host("me:host-gateway"), Pair("me", "host-gateway"));
  for (const char* bad : {"", "db", "db:", ":1"}) EXPECT_THROW((void)parse_added_host(bad), Error) << bad;
}

TEST(BuildFlags, UlimitsHaveASoftAndAHardValue) {
  EXPECT_EQ(parse_ulimit("nofile=1"), (engine::Ulimit{"nofile", 1, 1}));
  EXPECT_EQ(parse_ulimit("nofile=1:-1"), (engine::Ulimit{"nofile", 1, -1}));
  for (const char* bad : {"", "nofile", "=1", "nofile=x", "nofile=1:2:3", "nofile="})
    EXPECT_THROW((void)parse_ulimit(bad), Error) << bad;
}

}  // namespace
}  // namespace davit::cli
