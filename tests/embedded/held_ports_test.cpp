#include "embedded/held_ports.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

namespace davit::embedded {
namespace {

Fd any_descriptor() {
  return Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

network::IpAddress ip(const std::string& text) {
  return *network::IpAddress::parse(text);
}

TEST(HeldPorts, WhatIsNamedComesBack) {
  network::PortReservation tcp{8080, 80, network::Protocol::Tcp, {}};
  network::PortReservation udp{53, 5353, network::Protocol::Udp, {}};
  EXPECT_EQ(held_port_name(tcp, ip("0.0.0.0")), "port/8080/80/tcp/0.0.0.0");
  std::vector<network::PortReservation> back;
  for (const char* const address : {"0.0.0.0", "::"})
    add_held_port(back, held_port_name(tcp, ip(address)), any_descriptor());
  add_held_port(back, held_port_name(udp, ip("127.0.0.1")), any_descriptor());
  ASSERT_EQ(back.size(), 2U) << "sockets of one port belong together";
  EXPECT_EQ(back[0].host_port, 8080);
  EXPECT_EQ(back[0].container_port, 80);
  ASSERT_EQ(back[0].sockets.size(), 2U);
  EXPECT_EQ(back[0].sockets[1].host_ip, ip("::"));
  EXPECT_EQ(back[1].protocol, network::Protocol::Udp);
  EXPECT_EQ(back[1].host_port, 53);
  EXPECT_EQ(back[1].container_port, 5353);
}

std::vector<std::string> rules_for(const std::vector<std::string>& held) {
  std::vector<network::PortReservation> ports;
  for (const auto& name : held) add_held_port(ports, name, any_descriptor());
  std::vector<std::string> rules;
  for (const auto& rule : publications_of(ports, {ip("10.0.0.2"), ip("fd00::2")})) {
    EXPECT_EQ(rule.targets.size(), 2U);
    rules.push_back(rule.request.host_ip.value().to_string() + " " + std::to_string(rule.host_port) + " to " +
                    std::to_string(rule.request.container) + "/" +
                    std::string(network::to_string(rule.request.protocol)));
  }
  return rules;
}

TEST(Publications, AreThoseOfTheSocketsThatAreHeld) {
  EXPECT_EQ(rules_for({"port/8080/80/tcp/::"}), std::vector<std::string>{":: 8080 to 80/tcp"})
      << "IPv4 is not reserved";
  EXPECT_EQ(rules_for({"port/8080/80/udp/0.0.0.0"}), std::vector<std::string>{"0.0.0.0 8080 to 80/udp"});
  EXPECT_EQ(rules_for({"port/8080/80/tcp/0.0.0.0", "port/8080/80/tcp/::"}),
            (std::vector<std::string>{"0.0.0.0 8080 to 80/tcp", ":: 8080 to 80/tcp"}));
  EXPECT_EQ(rules_for({"port/8080/80/tcp/127.0.0.1", "port/8080/80/tcp/127.0.0.2"}),
            (std::vector<std::string>{"127.0.0.1 8080 to 80/tcp", "127.0.0.2 8080 to 80/tcp"}))
      << "two host addresses of one port";
}

TEST(HeldPorts, WhatIsNoSuchNameIsLeftOut) {
  std::vector<network::PortReservation> back;
  for (const char* const name : {"", "port", "netns", "port/8080/80/tcp", "port/8080/80/tcp/0.0.0.0/more",
                                 "port/x/80/tcp/0.0.0.0", "port/8080/70000/tcp/0.0.0.0", "port/8080/80/sctp/0.0.0.0",
                                 "port/8080/80/tcp/nowhere", "other/8080/80/tcp/0.0.0.0"})
    add_held_port(back, name, any_descriptor());
  EXPECT_TRUE(back.empty());
}

}  // namespace
}  // namespace davit::embedded
