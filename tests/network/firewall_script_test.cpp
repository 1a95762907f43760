#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "davit/network/firewall.hpp"

namespace davit::network {
namespace {

const Scope kScope{"0123abcd", "shop"};

IpAddress ip(std::string_view text) {
  return IpAddress::parse(text).value();
}
Subnet net(std::string_view text) {
  return Subnet::parse(text).value();
}

/// Compares with testdata/<name>; DAVIT_ACCEPT=1 rewrites it.
void expect_golden(const std::string& name, const std::string& actual) {
  const std::string path = std::string(DAVIT_TEST_DATA) + "/" + name;
  if (std::getenv("DAVIT_ACCEPT") != nullptr) std::ofstream(path) << actual;
  std::stringstream expected;
  expected << std::ifstream(path).rdbuf();
  EXPECT_EQ(actual, expected.str()) << path;
}

FirewallState shop() {
  FirewallState state;
  state.networks = {{"dv2222222222", {net("172.28.1.0/24")}, Reach::Internal},
                    {"dv1111111111", {net("172.28.0.0/24"), net("fd00:1::/64")}, Reach::Outside}};
  state.ports = {{Protocol::Tcp, ip("0.0.0.0"), 8080, ip("172.28.0.2"), 80},
                 {Protocol::Tcp, ip("0.0.0.0"), 443, ip("172.28.0.2"), 8443},
                 {Protocol::Tcp, ip("::"), 8080, ip("fd00:1::2"), 80},
                 {Protocol::Udp, ip("0.0.0.0"), 53, ip("172.28.0.3"), 5353},
                 {Protocol::Tcp, ip("127.0.0.1"), 5432, ip("172.28.0.4"), 5432}};
  return state;
}

TEST(FirewallScript, WholeProject) {
  expect_golden("firewall_shop.nft", firewall_script(kScope, shop()));
}

TEST(FirewallScript, OrderOfTheStateDoesNotMatter) {
  auto other = shop();
  std::reverse(other.networks.begin(), other.networks.end());
  std::reverse(other.ports.begin(), other.ports.end());
  EXPECT_EQ(firewall_script(kScope, other), firewall_script(kScope, shop()));
}

TEST(FirewallScript, EmptyStateOnlyRemovesTheTable) {
  const std::string table = table_name(kScope);
  EXPECT_EQ(firewall_script(kScope, {}), "table inet " + table + "\ndelete table inet " + table + "\n");
}

TEST(RedirectScript, ARuleForEachPort) {
  EXPECT_EQ(
      redirect_script({{Protocol::Udp, ip("127.0.0.11"), 53, 40001}, {Protocol::Tcp, ip("127.0.0.11"), 53, 40002}}),
      "table ip davit {\n"
      "  chain output {\n"
      "    type nat hook output priority -100; policy accept;\n"
      "    ip daddr 127.0.0.11 udp dport 53 dnat to 127.0.0.11:40001\n"
      "    ip daddr 127.0.0.11 tcp dport 53 dnat to 127.0.0.11:40002\n"
      "  }\n"
      "}\n");
}

TEST(DroppingChains, FindsDockersAndOthers) {
  const auto chains = find_dropping_chains(R"({"nftables": [{"metainfo": {"version": "1.0.6"}},
    {"chain": {"family": "ip", "table": "filter", "name": "DOCKER-USER", "handle": 1}},
    {"chain": {"family": "ip", "table": "filter", "name": "FORWARD", "hook": "forward", "policy": "drop", "type": "filter"}},
    {"chain": {"family": "ip6", "table": "filter", "name": "FORWARD", "hook": "forward", "policy": "drop"}},
    {"chain": {"family": "ip", "table": "filter", "name": "INPUT", "hook": "input", "policy": "drop"}},
    {"chain": {"family": "inet", "table": "mine", "name": "fwd", "hook": "forward", "policy": "drop"}},
    {"chain": {"family": "inet", "table": "davit_1", "name": "forward", "hook": "forward", "policy": "accept"}}]})");
  const std::vector<DroppingChain> expected{
      {"ip", "filter", "FORWARD", "DOCKER-USER"}, {"ip6", "filter", "FORWARD", "FORWARD"}, {"inet", "mine", "fwd", ""}};
  EXPECT_EQ(chains, expected);
}

TEST(DroppingChains, BadTextGivesNothing) {
  for (const char* text : {"", "{", "[]", "{\"nftables\": 3}", "{\"nftables\": [{\"chain\": 7}, {\"chain\": {}}]}"}) {
    EXPECT_TRUE(find_dropping_chains(text).empty()) << text;
  }
}

}  // namespace
}  // namespace davit::network
