#include "davit/network/pools.hpp"

#include <gtest/gtest.h>

namespace davit::network {
namespace {

IpAddress ip(std::string_view text) {
  return IpAddress::parse(text).value();
}
Subnet net(std::string_view text) {
  return Subnet::parse(text).value();
}

TEST(ChooseSubnet, TakesTheFirstThatNothingCovers) {
  const std::vector<Pool> pools{{net("172.28.0.0/14"), 24}};
  EXPECT_EQ(*choose_subnet(pools, Family::V4, {}), net("172.28.0.0/24"));
  EXPECT_EQ(*choose_subnet(pools, Family::V4, {net("172.28.0.0/24"), net("172.28.1.128/25")}), net("172.28.2.0/24"));
  EXPECT_EQ(*choose_subnet(pools, Family::V4, {net("172.28.0.0/16")}), net("172.29.0.0/24"));
}

TEST(ChooseSubnet, GoesToTheNextPoolAndThenSaysThatAllAreFull) {
  const std::vector<Pool> pools{{net("10.0.0.0/24"), 25}, {net("fd00::/48"), 64}, {net("10.9.0.0/24"), 24}};
  EXPECT_EQ(*choose_subnet(pools, Family::V4, {net("10.0.0.0/16")}), net("10.9.0.0/24"));
  EXPECT_EQ(*choose_subnet(pools, Family::V6, {net("fd00::/64")}), net("fd00:0:0:1::/64"));
  const auto full = choose_subnet(pools, Family::V4, {net("10.0.0.0/8")});
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().message, "no free IPv4 subnet is left for a new network");
  ASSERT_EQ(full.error().notes.size(), 1U);
  EXPECT_EQ(full.error().notes[0].text,
            "every subnet of 10.0.0.0/24, 10.9.0.0/24 overlaps another network or a route of this host");
}

TEST(ChooseSubnet, EndsAtTheEndOfTheAddressSpace) {
  EXPECT_FALSE(choose_subnet({{net("255.255.255.0/24"), 25}}, Family::V4, {net("255.255.255.0/24")}));
}

TEST(DefaultPools, AreStableForAHostAndUniqueLocal) {
  const auto pools = default_pools("machine");
  EXPECT_EQ(choose_subnet(pools, Family::V4, {})->to_string(), "172.28.0.0/24");
  const auto v6 = *choose_subnet(pools, Family::V6, {});
  EXPECT_TRUE(net("fd00::/8").contains(v6)) << v6.to_string();
  EXPECT_EQ(v6, *choose_subnet(default_pools("machine"), Family::V6, {}));
  EXPECT_NE(v6, *choose_subnet(default_pools("other"), Family::V6, {}));
}

TEST(PlanSubnet, GatewayIsTheFirstAddressUnlessGiven) {
  EXPECT_EQ(plan_subnet(net("10.0.0.0/24"))->gateway, ip("10.0.0.1"));
  EXPECT_EQ(plan_subnet(net("10.0.0.0/24"), ip("10.0.0.254"))->gateway, ip("10.0.0.254"));
  EXPECT_EQ(plan_subnet(net("fd00::/64"))->gateway, ip("fd00::1"));
}

TEST(PlanSubnet, RefusesWhatIsOutside) {
  const auto subnet = net("10.0.0.0/24");
  EXPECT_EQ(plan_subnet(subnet, ip("10.0.1.1")).error().message,
            "gateway '10.0.1.1' is not in the subnet '10.0.0.0/24'");
  EXPECT_EQ(plan_subnet(subnet, ip("10.0.0.255")).error().message,
            "gateway '10.0.0.255' is not in the subnet '10.0.0.0/24'");
  EXPECT_EQ(plan_subnet(subnet, {}, net("10.0.0.0/16")).error().message,
            "ip_range '10.0.0.0/16' is not in the subnet '10.0.0.0/24'");
  EXPECT_EQ(plan_subnet(subnet, {}, {}, {ip("9.9.9.9")}).error().message,
            "reserved address '9.9.9.9' is not in the subnet '10.0.0.0/24'");
  EXPECT_EQ(plan_subnet(net("10.0.0.0/31")).error().message,
            "subnet '10.0.0.0/31' has no room for a gateway and a container");
}

TEST(AllocateAddress, GivesTheLowestFree) {
  const auto plan = *plan_subnet(net("10.0.0.0/29"), {}, {}, {ip("10.0.0.3")});
  EXPECT_EQ(*allocate_address(plan, {}), ip("10.0.0.2"));
  EXPECT_EQ(*allocate_address(plan, {ip("10.0.0.2")}), ip("10.0.0.4"));
  const auto full = allocate_address(plan, {ip("10.0.0.2"), ip("10.0.0.4"), ip("10.0.0.5"), ip("10.0.0.6")});
  ASSERT_FALSE(full) << "the broadcast address was given out";
  EXPECT_EQ(full.error().message, "no free address is left in '10.0.0.0/29'");
}

TEST(AllocateAddress, StaysInTheRangeAndSkipsTheNetworkAddress) {
  const auto plan = *plan_subnet(net("10.0.0.0/24"), ip("10.0.0.129"), net("10.0.0.128/30"));
  EXPECT_EQ(*allocate_address(plan, {}), ip("10.0.0.128"));
  EXPECT_EQ(*allocate_address(plan, {ip("10.0.0.128")}), ip("10.0.0.130"));
  const auto six = *plan_subnet(net("fd00::/64"));
  EXPECT_EQ(*allocate_address(six, {}), ip("fd00::2"));
}

TEST(AllocateAddress, StaticAddressMustBeFreeAndInside) {
  const auto plan = *plan_subnet(net("10.0.0.0/24"), {}, net("10.0.0.0/26"), {ip("10.0.0.200")});
  EXPECT_EQ(*allocate_address(plan, {}, ip("10.0.0.200")), ip("10.0.0.200"));
  EXPECT_EQ(allocate_address(plan, {ip("10.0.0.9")}, ip("10.0.0.9")).error().message,
            "address '10.0.0.9' is already in use on the network");
  EXPECT_EQ(allocate_address(plan, {}, ip("10.0.0.1")).error().message,
            "address '10.0.0.1' is the gateway of the network");
  EXPECT_EQ(allocate_address(plan, {}, ip("10.0.2.1")).error().message,
            "address '10.0.2.1' is not in the subnet '10.0.0.0/24'");
}

}  // namespace
}  // namespace davit::network
