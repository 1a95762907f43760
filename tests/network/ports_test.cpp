#include "davit/network/ports.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

namespace davit::network {
namespace {

IpAddress ip(std::string_view text) {
  return IpAddress::parse(text).value();
}

PortRequest request(std::optional<PortRange> host, std::optional<IpAddress> host_ip = ip("127.0.0.1")) {
  PortRequest result;
  result.host_ip = host_ip;
  result.host = host;
  result.container = 80;
  return result;
}

std::uint16_t reserved_port(const std::vector<PortReservation>& reservations) {
  return reservations.at(0).host_port;
}

TEST(SocketTable, ReadsListenersOnly) {
  constexpr auto kTable =
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
      "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 f 100 0 0 10 "
      "0\n"
      "   1: 0100007F:1F90 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 f 20 4 30 10 "
      "-1\n"
      "   2: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A 0:0 00:0 0  0  0 4713 1\n"
      "   3: nonsense\n";
  const std::vector<BoundSocket> expected{{ip("127.0.0.1"), 8080, 4711}, {ip("::1"), 80, 4713}};
  EXPECT_EQ(parse_socket_table(kTable, Protocol::Tcp), expected);
  EXPECT_TRUE(parse_socket_table(kTable, Protocol::Udp).empty());
}

TEST(SocketTable, AddressesClashAsTheKernelSeesIt) {
  EXPECT_TRUE(addresses_clash(ip("0.0.0.0"), ip("127.0.0.1")));
  EXPECT_TRUE(addresses_clash(ip("127.0.0.1"), ip("0.0.0.0")));
  EXPECT_TRUE(addresses_clash(ip("::"), ip("127.0.0.1")));
  EXPECT_FALSE(addresses_clash(ip("127.0.0.1"), ip("127.0.0.2")));
  EXPECT_FALSE(addresses_clash(ip("0.0.0.0"), ip("::")));
}

TEST(PortInUse, NamesPortAndProcess) {
  auto wanted = request(PortRange{8080, 8080}, std::nullopt);
  EXPECT_EQ(port_in_use(wanted, 8080, PortHolder{123, "nginx", ""}).message,
            "port 8080/tcp is already in use by 'nginx' (pid 123)");
  EXPECT_EQ(port_in_use(wanted, 8080, PortHolder{123, "davit", "shop"}).message,
            "port 8080/tcp is already in use by project 'shop' of davit (pid 123)");
  wanted.host_ip = ip("::1");
  wanted.protocol = Protocol::Udp;
  EXPECT_EQ(port_in_use(wanted, 53, std::nullopt).message, "port [::1]:53/udp is already in use");
}

TEST(ProjectOfCommandLine, IsThatOfASupervisorOrKeeper) {
  using namespace std::string_view_literals;
  EXPECT_EQ(project_of_command_line("/bin/davit\0--data-root\0/d\0supervisor\0--project\0shop\0"sv), "shop");
  EXPECT_EQ(project_of_command_line("davit-keeper\0--\0/bin/davit\0supervisor\0--project\0shop\0"sv), "shop");
  EXPECT_EQ(project_of_command_line("nginx\0-g\0daemon off;\0"sv), "");
  EXPECT_EQ(project_of_command_line(""sv), "");
}

TEST(ReservePorts, EphemeralPortIsTheSameOnEveryAddress) {
  const auto reserved = reserve_ports({request(std::nullopt, std::nullopt)});
  ASSERT_TRUE(reserved) << reserved.error().message;
  EXPECT_NE(reserved_port(*reserved), 0);
  ASSERT_FALSE(reserved->at(0).sockets.empty());
  EXPECT_EQ(reserved->at(0).sockets[0].host_ip, ip("0.0.0.0"));
}

TEST(ReservePorts, ConflictNamesThisProcessAndPointsAtTheLine) {
  const auto held = reserve_ports({request(std::nullopt)});
  ASSERT_TRUE(held);
  const std::uint16_t port = reserved_port(*held);
  auto second = request(PortRange{port, port});
  second.where = Span{std::make_shared<const std::string>("compose.yaml"), {3, 9}, {3, 20}};
  const auto refused = reserve_ports({second});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "port 127.0.0.1:" + std::to_string(port) +
                                         "/tcp is already in use by 'davit_network_t' (pid " +
                                         std::to_string(::getpid()) + ")");
  EXPECT_EQ(refused.error().where->to_string(), "compose.yaml:3:9");
}

TEST(ReservePorts, AContainerOfTheSameProjectIsNamed) {
  const auto held = reserve_ports({request(std::nullopt)});
  ASSERT_TRUE(held);
  const std::uint16_t port = reserved_port(*held);
  const Neighbours neighbours = [port] {
    return std::vector<NeighbourPort>{{ip("127.0.0.9"), port, Protocol::Tcp, "shop-other-1"},
                                      {ip("127.0.0.1"), port, Protocol::Udp, "shop-other-2"},
                                      {ip("127.0.0.1"), port, Protocol::Tcp, "shop-web-1"}};
  };
  const auto refused = reserve_ports({request(std::nullopt), request(PortRange{port, port})}, neighbours);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "port 127.0.0.1:" + std::to_string(port) +
                                         "/tcp is already published by container 'shop-web-1' of this project");
  EXPECT_EQ(refused.error().subject, (Diagnostic::Subject{"ports", "1"}));
}

TEST(ReservePorts, AContainerIsInItsOwnWay) {
  auto spare = reserve_ports({request(std::nullopt)});
  ASSERT_TRUE(spare);
  const PortRange port{reserved_port(*spare), reserved_port(*spare)};
  spare->clear();
  const auto refused = reserve_ports({request(port, std::nullopt), request(port)});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "port 127.0.0.1:" + std::to_string(port.first) + "/tcp is already published by this container itself");
}

TEST(ReservePorts, AllOrNone) {
  const auto held = reserve_ports({request(std::nullopt)});
  auto spare = reserve_ports({request(std::nullopt)});
  ASSERT_TRUE(held && spare);
  const std::uint16_t taken = reserved_port(*held);
  const std::uint16_t free = reserved_port(*spare);
  spare->clear();
  ASSERT_FALSE(reserve_ports({request(PortRange{free, free}), request(PortRange{taken, taken})}));
  EXPECT_TRUE(reserve_ports({request(PortRange{free, free})})) << "the first port of a failed batch is still held";
}

TEST(ReservePorts, RangeTakesTheFirstFreeOne) {
  const auto held = reserve_ports({request(std::nullopt)});
  ASSERT_TRUE(held);
  const std::uint16_t taken = reserved_port(*held);
  if (taken == 65535) GTEST_SKIP() << "the kernel gave the last port; no range can follow it";
  const auto next = reserve_ports({request(PortRange{taken, 65535})});
  ASSERT_TRUE(next);
  EXPECT_GT(reserved_port(*next), taken);
  const auto none = reserve_ports({request(PortRange{taken, taken})});
  EXPECT_FALSE(none);
}

TEST(ReservePorts, UdpPortIsHeldToo) {
  auto udp = request(std::nullopt);
  udp.protocol = Protocol::Udp;
  const auto held = reserve_ports({udp});
  ASSERT_TRUE(held);
  udp.host = PortRange{reserved_port(*held), reserved_port(*held)};
  const auto refused = reserve_ports({udp});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("/udp is already in use by"), std::string::npos) << refused.error().message;
}

TEST(ReservePorts, ForeignAddressIsExplained) {
  const auto refused = reserve_ports({request(PortRange{0, 0}, ip("203.0.113.77"))});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "cannot bind port 0/tcp on '203.0.113.77': cannot assign requested address");
  EXPECT_EQ(refused.error().hint, "publish on an address that this host has");
}

}  // namespace
}  // namespace davit::network
