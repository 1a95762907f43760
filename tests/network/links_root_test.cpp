#include "davit/network/links.hpp"

#include <algorithm>
#include <filesystem>

#include "davit/base/error.hpp"
#include "network/sysctl.hpp"
#include "network/test_host.hpp"

namespace davit::network {
namespace {

using namespace testing;

const Scope kScope{"aabbccdd", "links"};

class LinksRoot : public TestHost {};

BridgeDescription bridge(const std::string& network, const std::string& gateway) {
  return {bridge_name(kScope, network), link_alias(kScope, network), {{ip(gateway), 24}}, 0};
}

Attachment attachment(const std::string& container, const std::string& network, const std::string& address) {
  Attachment result;
  result.bridge = bridge_name(kScope, network);
  result.host_link = host_link_name(kScope, container, network);
  result.alias = link_alias(kScope, network);
  result.interface = "eth0";
  result.mac = MacAddress::from_address(ip(address));
  result.addresses = {{ip(address), 24}};
  return result;
}

std::vector<std::string> names(const std::vector<Link>& links) {
  std::vector<std::string> result;
  for (const auto& link : links) result.push_back(link.name);
  return result;
}

TEST_F(LinksRoot, BridgeIsMadeOnceAndForeignOneIsRefused) {
  create_bridge(bridge("back", "10.77.0.1"));
  create_bridge(bridge("back", "10.77.0.1"));
  const auto links = links_of(kScope);
  ASSERT_EQ(links.size(), 1U);
  EXPECT_EQ(links[0].kind, "bridge");
  EXPECT_EQ(read_sysctl("net/ipv4/conf/" + links[0].name + "/route_localnet"), "1");
  auto foreign = bridge("back", "10.77.0.1");
  foreign.alias = "davit:other:links:back";
  EXPECT_THROW(create_bridge(foreign), Error);
  EXPECT_TRUE(links_of({"other", "links"}).empty());
}

TEST_F(LinksRoot, TwoNamespacesTalkOverTheBridge) {
  create_bridge(bridge("back", "10.77.0.1"));
  const Fd a = create_namespace();
  const Fd b = create_namespace();
  attach({{a.get(), {attachment("a", "back", "10.77.0.2")}}, {b.get(), {attachment("b", "back", "10.77.0.3")}}});
  const Fd listener = listen_in(a.get(), "0.0.0.0", 80);
  EXPECT_EQ(connect_from(b.get(), "10.77.0.2", 80), 0);
  EXPECT_EQ(connect_from(b.get(), "10.77.0.2", 81), ECONNREFUSED);
  const Fd udp = listen_in(a.get(), "0.0.0.0", 5000, Protocol::Udp);
  const Fd sender = send_datagram(b.get(), "10.77.0.2", 5000, "hello");
  EXPECT_EQ(read_some(udp), "hello");
}

TEST_F(LinksRoot, FailedAttachLeavesNothing) {
  create_bridge(bridge("back", "10.77.0.1"));
  const Fd a = create_namespace();
  auto good = attachment("a", "back", "10.77.0.2");
  auto bad = attachment("b", "back", "10.77.0.3");
  bad.default_gateways = {ip("192.168.99.1")};  // not reachable from there
  bad.interface = "eth1";
  try {
    attach({{a.get(), {good, bad}}});
    FAIL() << "a gateway outside of every subnet was taken";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("cannot add a default route via '192.168.99.1'"), std::string::npos)
        << error.what();
  }
  EXPECT_EQ(names(links_of(kScope)), std::vector{bridge_name(kScope, "back")});
}

TEST_F(LinksRoot, ABridgeThatCannotBeFinishedDoesNotStay) {
  auto unfinished = bridge("back", "10.77.0.1");
  unfinished.alias = std::string(400, 'a');  // longer than the kernel takes
  EXPECT_THROW(create_bridge(unfinished), Error);
  EXPECT_FALSE(std::filesystem::exists("/sys/class/net/" + unfinished.name));
}

TEST_F(LinksRoot, FiftyAttachmentsAndTheirRemoval) {
  create_bridge(bridge("back", "10.77.0.1"));
  std::vector<Fd> spaces;
  std::vector<NamespaceAttachments> wanted;
  for (int i = 0; i < 50; ++i) {
    spaces.push_back(create_namespace());
    wanted.push_back(
        {spaces.back().get(), {attachment("c" + std::to_string(i), "back", "10.77.0." + std::to_string(i + 2))}});
  }
  attach(wanted);
  EXPECT_EQ(links_of(kScope).size(), 51U);
  const Fd listener = listen_in(spaces[49].get(), "0.0.0.0", 80);
  EXPECT_EQ(connect_from(spaces[0].get(), "10.77.0.51", 80), 0);
  remove_links(links_of(kScope));
  EXPECT_EQ(names(list_links()), std::vector<std::string>{"lo"});
}

TEST_F(LinksRoot, RemovingAbsentLinksIsFine) {
  remove_links(std::vector<std::string>{"dvabsent", "dvgone"});
  remove_links(std::vector<Link>{{4711, "dvgone", "", ""}, {4712, "dvabsent", "", ""}});
  EXPECT_EQ(names(list_links()), std::vector<std::string>{"lo"});
}

TEST_F(LinksRoot, HostSubnetsHoldWhatIsRouted) {
  create_bridge(bridge("back", "10.77.0.1"));
  const auto subnets = host_subnets();
  EXPECT_NE(std::find(subnets.begin(), subnets.end(), net("10.77.0.0/24")), subnets.end());
  EXPECT_EQ(std::find(subnets.begin(), subnets.end(), net("0.0.0.0/0")), subnets.end());
}

TEST_F(LinksRoot, NamespaceHasItsSettings) {
  NamespaceSettings settings;
  settings.sysctls = {{"net.core.somaxconn", "1024"}};
  const Fd a = create_namespace(settings);
  run_in_namespace(a.get(), [] {
    EXPECT_EQ(read_sysctl("net.ipv4.ip_unprivileged_port_start"), "0");
    EXPECT_EQ(read_sysctl("net.core.somaxconn"), "1024");
    const Fd listener = listen_at("127.0.0.1", 80);
    Fd client;
    EXPECT_EQ(connect_to(client, "127.0.0.1", 80), 0);
    EXPECT_EQ(list_links().size(), 1U);
  });
  settings.sysctls = {{"net.core.no_such_thing", "1"}};
  EXPECT_THROW((void)create_namespace(settings), Error);
}

TEST_F(LinksRoot, IPv6AttachmentIsUsableAtOnce) {
  BridgeDescription six{bridge_name(kScope, "six"), link_alias(kScope, "six"), {{ip("fd77::1"), 64}}, 0};
  create_bridge(six);
  NamespaceSettings settings;
  settings.ipv6 = NamespaceSettings::Ipv6::On;
  const Fd a = create_namespace(settings);
  const Fd b = create_namespace(settings);
  auto first = attachment("a", "six", "10.77.0.2");
  first.addresses = {{ip("fd77::2"), 64}};
  first.default_gateways = {ip("fd77::1")};
  auto second = attachment("b", "six", "10.77.0.3");
  second.addresses = {{ip("fd77::3"), 64}};
  attach({{a.get(), {first}}, {b.get(), {second}}});
  const Fd listener = listen_in(a.get(), "::", 80);
  EXPECT_EQ(connect_from(b.get(), "fd77::2", 80), 0);
}

TEST_F(LinksRoot, ForwardingIsTurnedOnAndReportedOnce) {
  write_sysctl("net.ipv4.ip_forward", "0");
  EXPECT_EQ(enable_forwarding(Family::V4).size(), 1U);
  EXPECT_TRUE(enable_forwarding(Family::V4).empty());
  EXPECT_EQ(read_sysctl("net.ipv4.ip_forward"), "1");
}

}  // namespace
}  // namespace davit::network
