#include "davit/network/address.hpp"

#include <gtest/gtest.h>

namespace davit::network {
namespace {

IpAddress ip(std::string_view text) {
  return IpAddress::parse(text).value();
}
Subnet net(std::string_view text) {
  return Subnet::parse(text).value();
}

TEST(IpAddress, ParsesAndPrintsBothFamilies) {
  EXPECT_EQ(ip("10.1.2.3").to_string(), "10.1.2.3");
  EXPECT_EQ(ip("10.1.2.3").v4_value(), 0x0A010203U);
  EXPECT_EQ(ip("fd00:0:0::1").to_string(), "fd00::1");
  for (const char* wrong : {"", "10.1.2", "10.1.2.256", "fd00::1::2", "web", "10.1.2.3/24", "fe80::1%eth0"}) {
    EXPECT_FALSE(IpAddress::parse(wrong)) << wrong;
  }
}

TEST(IpAddress, PlusCarriesOverBytes) {
  EXPECT_EQ(ip("10.0.0.255").plus(1), ip("10.0.1.0"));
  EXPECT_EQ(ip("10.0.0.0").plus(65536), ip("10.1.0.0"));
  EXPECT_EQ(ip("fd00::ffff:ffff").plus(1), ip("fd00::1:0:0"));
  EXPECT_EQ(ip("255.255.255.255").plus(1), ip("0.0.0.0"));
}

TEST(IpAddress, KnowsLoopbackAndAny) {
  EXPECT_TRUE(ip("127.3.2.1").is_loopback());
  EXPECT_TRUE(ip("::1").is_loopback());
  EXPECT_FALSE(ip("::").is_loopback());
  EXPECT_TRUE(ip("::").is_any());
  EXPECT_FALSE(ip("128.0.0.1").is_loopback());
}

TEST(Subnet, ClearsHostBits) {
  EXPECT_EQ(net("10.1.2.3/20").to_string(), "10.1.0.0/20");
  EXPECT_EQ(net("fd00:1:2:3::9/64").to_string(), "fd00:1:2:3::/64");
  EXPECT_EQ(net("10.0.0.0/24").last(), ip("10.0.0.255"));
  for (const char* wrong : {"10.0.0.0", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "/8", "fd00::/129", "10.0.0.0/8x"}) {
    EXPECT_FALSE(Subnet::parse(wrong)) << wrong;
  }
}

TEST(Subnet, OverlapIsContainmentEitherWay) {
  EXPECT_TRUE(net("10.0.0.0/8").overlaps(net("10.9.0.0/16")));
  EXPECT_TRUE(net("10.9.0.0/16").overlaps(net("10.0.0.0/8")));
  EXPECT_FALSE(net("10.0.0.0/24").overlaps(net("10.0.1.0/24")));
  EXPECT_FALSE(net("0.0.0.0/0").overlaps(net("::/0")));
  EXPECT_TRUE(net("0.0.0.0/0").contains(ip("9.9.9.9")));
}

TEST(MacAddress, ComesFromTheAddress) {
  EXPECT_EQ(MacAddress::from_address(ip("172.28.0.2")).to_string(), "02:42:ac:1c:00:02");
  EXPECT_EQ(MacAddress::from_address(ip("fd00::a:b")).to_string(), "02:42:00:0a:00:0b");
  EXPECT_EQ(MacAddress::parse("02-42-AC-1c-00-02"), MacAddress::parse("02:42:ac:1c:00:02"));
  for (const char* wrong : {"", "02:42:ac:1c:00", "02:42:ac:1c:00:0g", "02:42:ac:1c:00:-2", "02.42.ac.1c.00.02"}) {
    EXPECT_FALSE(MacAddress::parse(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace davit::network
