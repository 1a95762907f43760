// Whole networks: two projects' worth of containers, the host, and a machine outside of it.
#include <nftables/libnftables.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "davit/base/error.hpp"
#include "davit/network/project_network.hpp"
#include "network/sysctl.hpp"
#include "network/test_host.hpp"

namespace davit::network {
namespace {

using namespace testing;

const Scope kScope{"aabbccdd", "shop"};

/// The host is 198.51.100.1, a machine outside 198.51.100.2 that knows the way to the container networks too, as a
/// neighbour on the same wire may.
class BridgeRoot : public TestHost {
 protected:
  BridgeRoot() {
    Attachment wire;
    create_bridge({"wire", "test wire", {{ip("198.51.100.1"), 24}}, 0});
    wire.bridge = "wire";
    wire.host_link = "wire0";
    wire.alias = "test wire";
    wire.interface = "eth0";
    wire.mac = MacAddress::from_address(ip("198.51.100.2"));
    wire.addresses = {{ip("198.51.100.2"), 24}};
    wire.default_gateways = {ip("198.51.100.1")};
    attach({{outside_.get(), {wire}}});
  }

  void make_network(const std::string& name, const std::string& subnet, Reach reach = Reach::Outside) {
    NetworkDescription description{name, {plan_subnet(net(subnet)).value()}, reach, 0};
    network_.create_network(description);
    networks_[name] = description;
  }

  /// A container on networks, each with its address.
  Fd make_container(const std::string& name, const std::vector<std::pair<std::string, std::string>>& at) {
    std::vector<Join> joins;
    for (const auto& [network, address] : at) {
      const auto& description = networks_.at(network);
      Join join;
      join.network = network;
      join.bridge = network_.bridge(network);
      join.reach = description.reach;
      join.addresses = {{ip(address), 24}};
      join.gateways = {description.subnets.at(0).gateway};
      joins.push_back(join);
    }
    Fd netns = create_namespace();
    attach({{netns.get(), plan_interfaces(kScope, name, joins)}});
    return netns;
  }

  static Publication publication(std::uint16_t host_port, const std::string& target, std::uint16_t port,
                                 Protocol protocol = Protocol::Tcp) {
    Publication result;
    result.request.container = port;
    result.request.protocol = protocol;
    result.host_port = host_port;
    result.targets = {ip(target)};
    return result;
  }

  ~BridgeRoot() override {
    (void)cleanup_leftovers(kScope);
    EXPECT_TRUE(links_of(kScope).empty());
    EXPECT_FALSE(Firewall::exists(kScope));
  }

  Fd outside_ = create_namespace();
  ProjectNetwork network_{kScope, ProjectNetwork::FirewallUse::Nftables};
  std::map<std::string, NetworkDescription> networks_;
};

TEST_F(BridgeRoot, ContainersReachTheirNetworkAndTheOutsideMasqueraded) {
  make_network("back", "10.77.0.0/24");
  const Fd a = make_container("a", {{"back", "10.77.0.2"}});
  const Fd b = make_container("b", {{"back", "10.77.0.3"}});
  const Fd in_a = listen_in(a.get(), "0.0.0.0", 80);
  const Fd out = listen_in(outside_.get(), "0.0.0.0", 80);
  EXPECT_EQ(connect_from(b.get(), "10.77.0.2", 80), 0);
  Fd client;
  int error = -1;
  run_in_namespace(a.get(), [&] { error = connect_to(client, "198.51.100.2", 80); });
  ASSERT_EQ(error, 0);
  SocketAddress peer;
  peer.size = sizeof peer.storage;
  const Fd accepted(::accept4(out.get(), peer.get(), &peer.size, SOCK_CLOEXEC));
  ASSERT_TRUE(accepted);
  const auto* name = reinterpret_cast<const sockaddr_in*>(peer.get());
  EXPECT_EQ(IpAddress::v4(ntohl(name->sin_addr.s_addr)), ip("198.51.100.1"));
}

TEST_F(BridgeRoot, NetworksAreIsolatedAndUnpublishedPortsAreClosedToTheOutside) {
  make_network("front", "10.77.0.0/24");
  make_network("back", "10.78.0.0/24");
  const Fd a = make_container("a", {{"front", "10.77.0.2"}});
  const Fd b = make_container("b", {{"back", "10.78.0.2"}});
  const Fd both = make_container("c", {{"front", "10.77.0.3"}, {"back", "10.78.0.3"}});
  const Fd listener = listen_in(b.get(), "0.0.0.0", 80);
  EXPECT_EQ(connect_from(both.get(), "10.78.0.2", 80), 0);
  EXPECT_EQ(connect_from(a.get(), "10.78.0.2", 80), EHOSTUNREACH);
  EXPECT_EQ(connect_from(outside_.get(), "10.78.0.2", 80, 300), ETIMEDOUT);
}

TEST_F(BridgeRoot, InternalNetworkHasNoWayOut) {
  make_network("vault", "10.77.0.0/24", Reach::Internal);
  make_network("back", "10.78.0.0/24");
  const Fd a = make_container("a", {{"vault", "10.77.0.2"}});
  const Fd b = make_container("b", {{"vault", "10.77.0.3"}});
  const Fd listener = listen_in(b.get(), "0.0.0.0", 80);
  const Fd out = listen_in(outside_.get(), "0.0.0.0", 80);
  EXPECT_EQ(connect_from(a.get(), "10.77.0.3", 80), 0);
  EXPECT_EQ(connect_from(a.get(), "198.51.100.2", 80), ENETUNREACH);
  // A container that gives itself a route gets no further.
  run_in_namespace(a.get(), [] {
    NetlinkBatch batch;
    batch.add(default_route(link_index("eth0"), ip("10.77.0.1")), "add route", "default");
    batch.execute();
  });
  EXPECT_EQ(connect_from(a.get(), "198.51.100.2", 80), EHOSTUNREACH);
}

TEST_F(BridgeRoot, PublishedPortIsReachedFromEverywhere) {
  make_network("front", "10.77.0.0/24");
  make_network("back", "10.78.0.0/24");
  const Fd web = make_container("web", {{"front", "10.77.0.2"}});
  const Fd neighbour = make_container("neighbour", {{"front", "10.77.0.3"}});
  const Fd other = make_container("other", {{"back", "10.78.0.2"}});
  const Fd listener = listen_in(web.get(), "0.0.0.0", 80);
  network_.publish({{"web", {publication(8080, "10.77.0.2", 80)}}});
  Fd host;
  EXPECT_EQ(connect_to(host, "127.0.0.1", 8080), 0) << "from the host over loopback";
  EXPECT_EQ(connect_to(host, "198.51.100.1", 8080), 0) << "from the host over its own address";
  EXPECT_EQ(connect_from(outside_.get(), "198.51.100.1", 8080), 0) << "from outside";
  EXPECT_EQ(connect_from(neighbour.get(), "198.51.100.1", 8080), 0) << "from the same network over the host";
  EXPECT_EQ(connect_from(neighbour.get(), "10.77.0.1", 8080), 0) << "from the same network over the gateway";
  EXPECT_EQ(connect_from(web.get(), "198.51.100.1", 8080), 0) << "from the container itself";
  EXPECT_EQ(connect_from(other.get(), "198.51.100.1", 8080), 0) << "from another network over the host";
  network_.publish({{"web", {}}});
  EXPECT_EQ(connect_to(host, "127.0.0.1", 8080), ECONNREFUSED);
}

TEST_F(BridgeRoot, PublishedUdpAnswersComeBack) {
  make_network("front", "10.77.0.0/24");
  const Fd web = make_container("web", {{"front", "10.77.0.2"}});
  const Fd server = listen_in(web.get(), "0.0.0.0", 53, Protocol::Udp);
  network_.publish({{"web", {publication(5353, "10.77.0.2", 53, Protocol::Udp)}}});
  const Fd client = send_datagram(outside_.get(), "198.51.100.1", 5353, "ping");
  char buffer[16];
  SocketAddress peer;
  peer.size = sizeof peer.storage;
  pollfd wait{server.get(), POLLIN, 0};
  ASSERT_EQ(::poll(&wait, 1, kLimitMs), 1);
  ASSERT_EQ(::recvfrom(server.get(), buffer, sizeof buffer, 0, peer.get(), &peer.size), 4);
  ASSERT_EQ(::sendto(server.get(), "pong", 4, 0, peer.get(), peer.size), 4);
  EXPECT_EQ(read_some(client), "pong");
}

TEST_F(BridgeRoot, PortPublishedOnLoopbackStaysThere) {
  make_network("front", "10.77.0.0/24");
  const Fd web = make_container("web", {{"front", "10.77.0.2"}});
  const Fd listener = listen_in(web.get(), "0.0.0.0", 80);
  auto port = publication(8080, "10.77.0.2", 80);
  port.request.host_ip = ip("127.0.0.1");
  network_.publish({{"web", {port}}});
  Fd host;
  EXPECT_EQ(connect_to(host, "127.0.0.1", 8080), 0);
  EXPECT_EQ(connect_from(outside_.get(), "198.51.100.1", 8080), ECONNREFUSED);
}

TEST_F(BridgeRoot, ContainerCannotReachTheHostsLoopback) {
  make_network("front", "10.77.0.0/24");
  const Fd evil = make_container("evil", {{"front", "10.77.0.2"}});
  const Fd secret = listen_at("127.0.0.1", 9000);
  const Fd open = listen_at("0.0.0.0", 9001);
  // The attack of CVE-2020-8558: 127.0.0.1 sent out of the interface instead of kept inside.
  run_in_namespace(evil.get(), [] {
    write_sysctl("net.ipv4.conf.all.route_localnet", "1");
    NetlinkBatch batch;
    NetlinkMessage removal(RTM_DELADDR, 0);
    ifaddrmsg header{};
    header.ifa_family = AF_INET;
    header.ifa_prefixlen = 8;
    header.ifa_index = 1;
    removal.append(header);
    removal.put_address(IFA_LOCAL, ip("127.0.0.1"));
    batch.add(removal, "remove address", "127.0.0.1");
    batch.execute();
  });
  EXPECT_EQ(connect_from(evil.get(), "10.77.0.1", 9001), 0);
  EXPECT_EQ(connect_from(evil.get(), "127.0.0.1", 9000, 300), ETIMEDOUT);
}

TEST_F(BridgeRoot, WorksBesideAFirewallThatDropsForwardedPackets) {
  nft_ctx* context = nft_ctx_new(NFT_CTX_DEFAULT);
  ASSERT_EQ(nft_run_cmd_from_buffer(context,
                                    "add table ip filter; add chain ip filter FORWARD { type filter hook forward "
                                    "priority 0; policy drop; }"),
            0);
  nft_ctx_free(context);
  make_network("front", "10.77.0.0/24");
  const Fd web = make_container("web", {{"front", "10.77.0.2"}});
  const Fd neighbour = make_container("neighbour", {{"front", "10.77.0.3"}});
  const Fd listener = listen_in(web.get(), "0.0.0.0", 80);
  network_.publish({{"web", {publication(8080, "10.77.0.2", 80)}}});
  EXPECT_EQ(connect_from(outside_.get(), "198.51.100.1", 8080), 0);
  EXPECT_EQ(connect_from(neighbour.get(), "10.77.0.2", 80), 0) << "bridged packets pass the firewall with br_netfilter";
}

TEST_F(BridgeRoot, ANewSupervisorTakesUpWhatIsThere) {
  make_network("front", "10.77.0.0/24");
  make_network("back", "10.78.0.0/24");
  const Fd web = make_container("web", {{"front", "10.77.0.2"}});
  const Fd other = make_container("other", {{"back", "10.78.0.2"}});
  const Fd listener = listen_in(web.get(), "0.0.0.0", 80);
  network_.publish({{"web", {publication(8080, "10.77.0.2", 80)}}});
  ProjectNetwork successor{kScope, ProjectNetwork::FirewallUse::Nftables};
  successor.restore({networks_.at("front"), networks_.at("back")}, {{"web", {publication(8080, "10.77.0.2", 80)}}});
  EXPECT_EQ(connect_from(outside_.get(), "198.51.100.1", 8080), 0);
  EXPECT_EQ(connect_from(other.get(), "10.77.0.2", 80), EHOSTUNREACH);
  successor.publish({{"web", {}}});
  EXPECT_EQ(connect_from(outside_.get(), "198.51.100.1", 8080), ECONNREFUSED);
}

TEST_F(BridgeRoot, ConflictNamesTheOtherProcess) {
  // A child holds the port, under a name of its own.
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_NAME, "nginx");
    const Fd held = listen_at("0.0.0.0", 8080);
    (void)!::write(ready[1], "x", 1);
    ::pause();
    ::_exit(0);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  PortRequest request;
  request.host = PortRange{8080, 8080};
  request.container = 80;
  const auto refused = reserve_ports({request});
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(ready[0]);
  ::close(ready[1]);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "port 8080/tcp is already in use by 'nginx' (pid " + std::to_string(child) + ")");
}

TEST_F(BridgeRoot, RemovedNetworkLeavesNothing) {
  make_network("front", "10.77.0.0/24");
  make_network("back", "10.78.0.0/24");
  const Fd web = make_container("web", {{"front", "10.77.0.2"}, {"back", "10.78.0.2"}});
  network_.remove_network("front");
  EXPECT_EQ(links_of(kScope).size(), 2U);
  network_.remove_network("back");
  EXPECT_TRUE(links_of(kScope).empty());
  EXPECT_FALSE(Firewall::exists(kScope));
}

TEST_F(BridgeRoot, LeftoversAreFoundWithoutState) {
  make_network("front", "10.77.0.0/24");
  const Fd web = make_container("web", {{"front", "10.77.0.2"}});
  const auto removed = cleanup_leftovers(kScope);
  EXPECT_EQ(removed.size(), 3U) << "a bridge, a pair, a table";
  EXPECT_TRUE(links_of(kScope).empty());
  EXPECT_FALSE(Firewall::exists(kScope));
  EXPECT_TRUE(cleanup_leftovers(kScope).empty());
}

TEST_F(BridgeRoot, NetworkThatCannotBeMadeLeavesNothing) {
  create_bridge({network_.bridge("front"), "somebody else", {}, 0});
  NetworkDescription description{"front", {plan_subnet(net("10.77.0.0/24")).value()}, Reach::Outside, 0};
  EXPECT_THROW(network_.create_network(description), Error);
  EXPECT_FALSE(Firewall::exists(kScope));
  remove_links(std::vector{network_.bridge("front")});
}

}  // namespace
}  // namespace davit::network
