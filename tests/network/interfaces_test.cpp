#include "davit/network/interfaces.hpp"

#include <gtest/gtest.h>

namespace davit::network {
namespace {

const Scope kScope{"aa", "shop"};

Join join(std::string name, const std::string& address) {
  const auto ip = IpAddress::parse(address).value();
  Join result;
  result.network = std::move(name);
  result.bridge = bridge_name(kScope, result.network);
  result.addresses = {{ip, 24}};
  result.gateways = {ip.plus(100)};
  return result;
}

std::string summary(const std::vector<Attachment>& attachments) {
  std::string text;
  for (const auto& a : attachments) {
    text += a.interface + " " + a.addresses.at(0).to_string();
    for (const auto& gateway : a.default_gateways) text += " via " + gateway.to_string();
    text += "\n";
  }
  return text;
}

TEST(PlanInterfaces, OneNetworkLeadsOut) {
  EXPECT_EQ(summary(plan_interfaces(kScope, "c", {join("back", "10.0.0.2")})), "eth0 10.0.0.2/24 via 10.0.0.102\n");
}

TEST(PlanInterfaces, PriorityOrdersAndGatewayPriorityLeadsOut) {
  auto back = join("back", "10.0.0.2");
  auto front = join("front", "10.0.1.2");
  front.priority = 10;
  EXPECT_EQ(summary(plan_interfaces(kScope, "c", {back, front})),
            "eth0 10.0.1.2/24 via 10.0.1.102\n"
            "eth1 10.0.0.2/24\n");
  back.gateway_priority = 1;
  EXPECT_EQ(summary(plan_interfaces(kScope, "c", {back, front})),
            "eth0 10.0.1.2/24\n"
            "eth1 10.0.0.2/24 via 10.0.0.102\n");
}

TEST(PlanInterfaces, EqualPrioritiesFallBackToTheNamesOrder) {
  EXPECT_EQ(summary(plan_interfaces(kScope, "c", {join("web", "10.0.1.2"), join("app", "10.0.0.2")})),
            "eth0 10.0.1.2/24\n"
            "eth1 10.0.0.2/24 via 10.0.0.102\n");
}

TEST(PlanInterfaces, InternalNetworkNeverLeadsOut) {
  auto only = join("back", "10.0.0.2");
  only.reach = Reach::Internal;
  only.gateway_priority = 99;
  EXPECT_EQ(summary(plan_interfaces(kScope, "c", {only})), "eth0 10.0.0.2/24\n");
}

std::string text_of(const std::optional<IpAddress>& address) {
  return address ? address->to_string() : "none";
}

TEST(PublishedAddress, IsOnTheNetworkThatLeadsOutWhateverTheOrder) {
  auto back = join("back", "10.0.0.2");
  back.reach = Reach::Internal;
  const auto front = join("front", "10.0.1.2");
  for (const auto& joins : {std::vector<Join>{back, front}, std::vector<Join>{front, back}}) {
    EXPECT_EQ(text_of(published_address(joins, Family::V4)), "10.0.1.2");
    EXPECT_EQ(text_of(host_address(joins, Family::V4)), "10.0.1.102");
  }
  auto preferred = join("web", "10.0.2.2");
  preferred.gateway_priority = 1;
  EXPECT_EQ(text_of(published_address({back, front, preferred}, Family::V4)), "10.0.2.2");
  EXPECT_EQ(text_of(host_address({back, front, preferred}, Family::V4)), "10.0.2.102");
}

TEST(PublishedAddress, IsOnAnInternalNetworkOnlyWhereThereIsNoOther) {
  auto back = join("back", "10.0.0.2");
  back.reach = Reach::Internal;
  back.addresses.push_back({*IpAddress::parse("fd00::2"), 64});
  EXPECT_EQ(text_of(published_address({back}, Family::V6)), "fd00::2");
  EXPECT_EQ(text_of(published_address({back, join("front", "10.0.1.2")}, Family::V6)), "none");
  auto other = join("other", "10.0.2.2");
  other.addresses.push_back({*IpAddress::parse("fd01::2"), 64});
  EXPECT_EQ(text_of(published_address({back, join("front", "10.0.1.2"), other}, Family::V6)), "fd01::2")
      << "not the one that leads out, which has none";
  EXPECT_EQ(text_of(published_address({}, Family::V4)), "none");
}

TEST(PlanInterfaces, GivenNamesAndMacsAreKept) {
  auto named = join("back", "10.0.0.2");
  named.interface = "eth0";
  named.mac = MacAddress::parse("02:00:00:00:00:01");
  const auto planned = plan_interfaces(kScope, "c", {join("app", "10.0.1.2"), named});
  EXPECT_EQ(planned[0].interface, "eth1");
  EXPECT_EQ(planned[1].interface, "eth0");
  EXPECT_EQ(planned[1].mac.to_string(), "02:00:00:00:00:01");
  EXPECT_EQ(planned[0].mac.to_string(), "02:42:0a:00:01:02");
  EXPECT_EQ(planned[0].alias, "davit:aa:shop:app");
  EXPECT_NE(planned[0].host_link, planned[1].host_link);
}

}  // namespace
}  // namespace davit::network
