#include "davit/dns/resolv_conf.hpp"

#include <gtest/gtest.h>

#include "dns/bytes.hpp"

namespace davit::dns {
namespace {

using namespace testing;

TEST(ResolvConf, ReadsWhatCounts) {
  const auto conf = parse_resolv_conf(
      "# made by hand\n"
      "nameserver 127.0.0.53 ; stub\n"
      "nameserver fe80::1%eth0\n"
      "nameserver\tfd00::53\n"
      "domain old.example\n"
      "search a.example b.example\n"
      "options edns0 trust-ad\n"
      "options timeout:1\n"
      "sortlist 130.155.160.0\n"
      "nameserver");
  EXPECT_EQ(
      conf,
      (ResolvConf{{ip("127.0.0.53"), ip("fd00::53")}, {"a.example", "b.example"}, {"edns0", "trust-ad", "timeout:1"}}));
}

TEST(ResolvConf, ContainerAsksUsAndSearchesAsTheHost) {
  const ResolvConf host{{ip("192.0.2.53")}, {"corp.example"}, {"edns0"}};
  EXPECT_EQ(container_resolv_conf(host, {}), "nameserver 127.0.0.11\nsearch corp.example\noptions edns0 ndots:0\n");
}

TEST(ResolvConf, ServiceSettingsReplaceTheHosts) {
  const ResolvConf host{{ip("192.0.2.53")}, {"corp.example"}, {"edns0"}};
  EXPECT_EQ(container_resolv_conf(host, {{}, {"x.example", "y.example"}, {"ndots:2"}}),
            "nameserver 127.0.0.11\nsearch x.example y.example\noptions ndots:2\n");
  EXPECT_EQ(container_resolv_conf(host, {{}, {"."}, {}}), "nameserver 127.0.0.11\noptions edns0 ndots:0\n");
}

TEST(ResolvConf, HostNetworkKeepsTheHostsServers) {
  const ResolvConf host{{ip("127.0.0.53")}, {}, {}};
  EXPECT_EQ(host_network_resolv_conf(host, {}), "nameserver 127.0.0.53\n");
  EXPECT_EQ(host_network_resolv_conf(host, {{ip("9.9.9.9")}, {}, {}}), "nameserver 9.9.9.9\n");
}

TEST(ResolvConf, UpstreamsAreTheServicesThenTheHosts) {
  const ResolvConf host{{ip("192.0.2.53")}, {}, {}};
  EXPECT_EQ(upstream_servers(host, {{ip("9.9.9.9")}, {}, {}}), std::vector{ip("9.9.9.9")});
  EXPECT_EQ(upstream_servers(host, {}), std::vector{ip("192.0.2.53")});
  EXPECT_EQ(upstream_servers({}, {}), std::vector{ip("127.0.0.1")});
}

TEST(ResolvConf, InsideAnInternalNetworkOnlyItsOwnServersAreAsked) {
  const std::vector<network::Subnet> inside{*network::Subnet::parse("10.1.0.0/24"),
                                            *network::Subnet::parse("fd00::/64")};
  EXPECT_TRUE(upstream_servers_inside({}, inside).empty()) << "never the host's";
  EXPECT_EQ(upstream_servers_inside({{ip("9.9.9.9"), ip("10.1.0.7"), ip("127.0.0.1"), ip("fd00::7")}, {}, {}}, inside),
            (std::vector{ip("10.1.0.7"), ip("fd00::7")}));
}

TEST(Hosts, HasTheContainerAndItsExtraHosts) {
  EXPECT_EQ(container_hosts({{ip("10.0.0.2"), "web"}}, {{"db.local", "10.9.9.9"}}),
            "127.0.0.1\tlocalhost\n"
            "::1\tlocalhost ip6-localhost ip6-loopback\n"
            "fe00::\tip6-localnet\n"
            "ff00::\tip6-mcastprefix\n"
            "ff02::1\tip6-allnodes\n"
            "ff02::2\tip6-allrouters\n"
            "10.9.9.9\tdb.local\n"
            "10.0.0.2\tweb\n");
}

}  // namespace
}  // namespace davit::dns
