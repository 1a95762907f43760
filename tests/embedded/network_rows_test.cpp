#include "embedded/network_rows.hpp"

#include <gtest/gtest.h>

#include "davit/base/error.hpp"

namespace davit::embedded {
namespace {

network::Subnet subnet(const std::string& text) {
  return *network::Subnet::parse(text);
}

const std::vector<network::Pool> kPools{{subnet("10.1.0.0/16"), 24}, {subnet("fd00:1::/48"), 64}};

std::string mistake(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(ChooseSubnets, WhatIsLeftOpenComesFromThePoolAndOverlapsNothing) {
  state::Network row;
  choose_subnets(row, {}, kPools, {subnet("10.1.0.0/24"), subnet("10.1.1.128/25")});
  ASSERT_TRUE(row.subnet_v4);
  const network::Subnet chosen = subnet(*row.subnet_v4);
  EXPECT_TRUE(subnet("10.1.0.0/16").overlaps(chosen));
  EXPECT_FALSE(subnet("10.1.0.0/23").overlaps(chosen)) << *row.subnet_v4;
  EXPECT_TRUE(row.gateway_v4);
  EXPECT_FALSE(row.subnet_v6) << "not asked for";
}

TEST(ChooseSubnets, ASpecificationIsFollowed) {
  engine::NetworkSpec spec;
  spec.enable_ipv6 = true;
  spec.ipam = {{.subnet = "192.168.7.0/24", .gateway = "192.168.7.9", .ip_range = "192.168.7.128/25"}};
  state::Network row;
  choose_subnets(row, spec, kPools, {});
  EXPECT_EQ(row.subnet_v4, "192.168.7.0/24");
  EXPECT_EQ(row.gateway_v4, "192.168.7.9");
  ASSERT_TRUE(row.subnet_v6) << "asked for and left open";
  EXPECT_TRUE(subnet("fd00:1::/48").overlaps(subnet(*row.subnet_v6)));
  const auto plans = plans_of(row);
  ASSERT_EQ(plans.size(), 2U);
  EXPECT_EQ(network::allocate_address(plans[0], {}).value().to_string(), "192.168.7.128") << "from the range";
}

TEST(ChooseSubnets, WhatIsNoSubnetIsAnError) {
  engine::NetworkSpec spec;
  spec.ipam = {{.subnet = "192.168.7.0/40", .gateway = "", .ip_range = ""}};
  state::Network row;
  EXPECT_EQ(mistake([&] { choose_subnets(row, spec, kPools, {}); }), "'192.168.7.0/40' is not a subnet");
}

TEST(DescriptionOf, TakesTheMtuAsANumberTheKernelTakes) {
  state::Network row;
  row.name = "p_default";
  row.subnet_v4 = "10.1.0.0/24";
  EXPECT_EQ(description_of(row).mtu, network::NetworkDescription{}.mtu);
  row.options["com.docker.network.driver.mtu"] = "1400";
  EXPECT_EQ(description_of(row).mtu, 1400U);
  for (const char* const wrong : {"", "67", "65536", "1400x", "-1", "99999999999999"}) {
    row.options["com.docker.network.driver.mtu"] = wrong;
    EXPECT_EQ(mistake([&] { (void)description_of(row); }),
              "the MTU '" + std::string(wrong) + "' of network 'p_default' is not a number from 68 to 65535");
  }
}

}  // namespace
}  // namespace davit::embedded
