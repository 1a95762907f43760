// Names, ports, isolation, as containers see them.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <fstream>
#include <set>
#include <sstream>

#include "stack.hpp"

namespace davit::test {
namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Sends nothing, reads to the end; "" when nobody answers.
std::string read_tcp(const std::string& address, int port) {
  const Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval limit{2, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(port));
  ::inet_pton(AF_INET, address.c_str(), &to.sin_addr);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) return {};
  std::string text;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(fd.get(), buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(got));
  return text;
}

std::set<std::string> addresses(const std::string& nslookup) {
  std::set<std::string> found;
  std::istringstream lines(nslookup);
  bool answer = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("Name:")) answer = true;
    if (answer && line.starts_with("Address")) found.insert(line.substr(line.rfind(' ') + 1));
  }
  return found;
}

TEST(Network, TwentyReplicasAnswerToOneName) {
  Stack stack("nettwenty");
  import_busybox(stack);
  stack.compose(R"(
services:
  many: {image: busybox, command: [sleep, "3600"], stop_grace_period: 0s, deploy: {replicas: 20}}
  ask: {image: busybox, command: [sleep, "3600"], stop_grace_period: 0s}
)");
  stack.ok({"up", "-d"}, 60s);
  const auto answer = stack.davit({"exec", "-T", "ask", "nslookup", "-type=a", "many"});
  EXPECT_EQ(addresses(answer.out).size(), 20U) << answer.out;
  EXPECT_EQ(addresses(stack.davit({"exec", "-T", "ask", "nslookup", "-type=a", "nettwenty-many-7"}).out).size(), 1U);
}

TEST(Network, AliasesAreHeardOnTheirNetworkOnly) {
  Stack stack("netalias");
  import_busybox(stack);
  stack.compose(R"(
services:
  db: {image: busybox, command: [sleep, "3600"], stop_grace_period: 0s, networks: {back: {aliases: [database]}}}
  api: {image: busybox, command: [sleep, "3600"], stop_grace_period: 0s, networks: [back, front]}
  web: {image: busybox, command: [sleep, "3600"], stop_grace_period: 0s, networks: [front]}
networks: {back: {}, front: {}}
)");
  stack.ok({"up", "-d"});
  EXPECT_EQ(stack.davit({"exec", "-T", "api", "ping", "-c1", "-W2", "database"}).code, 0);
  EXPECT_EQ(stack.davit({"exec", "-T", "api", "ping", "-c1", "-W2", "web"}).code, 0);
  EXPECT_NE(stack.davit({"exec", "-T", "web", "ping", "-c1", "-W2", "database"}).code, 0);
}

/// pihole, dnsmasq, coredns: Docker's resolver is on a port of its own as well.
TEST(Network, AServiceMayServePort53OfAllAddresses) {
  Stack stack("netdns");
  import_busybox(stack);
  stack.compose(R"(
services:
  names:
    image: busybox
    command: [sh, -c, "while true; do echo hello | nc -l -p 53; done"]
    stop_grace_period: 0s
    ports: ["127.0.0.1::53/tcp"]
  web: {image: busybox, command: [sleep, "3600"], stop_grace_period: 0s}
)");
  stack.ok({"up", "-d"});
  const auto works = [&](const std::string& when) {
    // By name, and again in the moment in which it listens anew after an answer.
    const std::string ask = "until nc names 53 </dev/null; do :; done";
    EXPECT_EQ(stack.ok({"exec", "-T", "web", "sh", "-c", ask}, 20s).out, "hello\n") << when;
    for (const char* asker : {"names", "web"})
      EXPECT_EQ(addresses(stack.davit({"exec", "-T", asker, "nslookup", "-type=a", "web"}).out).size(), 1U) << when;
  };
  works("at first");
  const pid_t supervisor = stack.supervisor();
  ASSERT_GT(supervisor, 0);
  ::kill(supervisor, SIGKILL);
  stack.ok({"ps"});  // answered by the next one
  ASSERT_NE(stack.supervisor(), supervisor);
  works("after the supervisor was killed");
  // Its ports are not published, but it listens all the same.
  stack.ok({"run", "--rm", "-T", "names", "sh", "-c",
            "nc -l -p 53 </dev/null & until nc 127.0.0.1 53 </dev/null; do :; done"},
           20s);
}

/// A project name that no other test has: those of one fixture may run side by side.
std::string named_after_the_test(std::string prefix) {
  for (const char* c = ::testing::UnitTest::GetInstance()->current_test_info()->name(); *c != '\0'; ++c)
    prefix += static_cast<char>(std::tolower(static_cast<unsigned char>(*c)));
  return prefix;
}

/// Two projects of one data root on a network that the first one makes.
class SharedNetwork : public ::testing::Test {
 protected:
  void SetUp() override {
    import_busybox(owner_);
    owner_.compose(R"(
services:
  web: {image: busybox, command: [sleep, "3600"], stop_grace_period: 0s, networks: {shared: {aliases: [alpha]}}}
  both: {image: busybox, command: [sleep, "3600"], stop_grace_period: 0s, networks: [shared]}
networks: {shared: {name: netowner_shared}}
)");
    owner_.write("guest.yaml", R"(
services:
  ask:
    image: busybox
    command: [nc, -ll, -p, "80", -e, /bin/echo, hello]
    healthcheck: {test: [CMD-SHELL, "nc 127.0.0.1 80 < /dev/null"], interval: 100ms}
    stop_grace_period: 0s
    networks: [shared]
    ports: ["127.0.0.1::80"]
  both: {image: busybox, command: [sleep, "3600"], stop_grace_period: 0s, networks: [shared]}
  apart: {image: busybox, command: [sleep, "3600"], stop_grace_period: 0s}
networks: {shared: {external: true, name: netowner_shared}}
)");
    owner_.ok({"up", "-d"});
    guest({"up", "-d", "--wait"});
  }
  void TearDown() override { guest({"down", "-t", "0"}); }

  ProgramOutput guest(std::vector<std::string> words) const {
    words.insert(words.begin(), {"-p", guest_, "-f", "guest.yaml"});
    return owner_.ok(std::move(words));
  }
  [[nodiscard]] std::set<std::string> owner_asks(const std::string& name) const {
    return addresses(owner_.davit({"exec", "-T", "web", "nslookup", "-type=a", name}).out);
  }
  [[nodiscard]] std::set<std::string> guest_asks(const std::string& name, const std::string& service = "ask") const {
    return addresses(
        owner_.davit({"-p", guest_, "-f", "guest.yaml", "exec", "-T", service, "nslookup", "-type=a", name}).out);
  }

  Stack owner_{named_after_the_test("own")};
  std::string guest_ = named_after_the_test("guest");
};

TEST_F(SharedNetwork, ProjectsKnowEachOthersNames) {
  const auto web = guest_asks("web");
  EXPECT_EQ(web.size(), 1U);
  for (const std::string& name : {std::string("alpha"), owner_.name() + "-web-1", std::string("web.netowner_shared")})
    EXPECT_EQ(guest_asks(name), web) << name;
  EXPECT_EQ(owner_asks("ask").size(), 1U);
  EXPECT_EQ(guest_asks("both").size(), 2U) << "a name of both projects means both";
  EXPECT_EQ(owner_asks("both"), guest_asks("both"));
  EXPECT_TRUE(guest_asks("web", "apart").empty()) << "not on that network";
}

TEST_F(SharedNetwork, NamesComeAndGoWithTheirContainers) {
  ASSERT_EQ(owner_asks("ask").size(), 1U);
  guest({"stop", "ask"});
  EXPECT_TRUE(owner_asks("ask").empty());
  guest({"start", "ask"});
  EXPECT_EQ(owner_asks("ask").size(), 1U);
  guest({"up", "-d", "--scale", "both=3"});
  EXPECT_EQ(owner_asks("both").size(), 4U);
}

TEST_F(SharedNetwork, StaysAsLongAsAnotherProjectUsesIt) {
  const auto down = owner_.ok({"down"});
  EXPECT_TRUE(contains(down.out + down.err, "Network netowner_shared Resource is still in use")) << down.err;
  EXPECT_EQ(guest_asks("both").size(), 1U);
  const std::string published = guest({"port", "ask", "80"}).out;
  const auto port = static_cast<std::uint16_t>(std::stoi(published.substr(published.find(':') + 1)));
  EXPECT_EQ(read_tcp("127.0.0.1", port), "hello\n");
  guest({"down"});
  const auto again = owner_.ok({"down"});
  EXPECT_TRUE(contains(again.err, "Network netowner_shared Removed")) << again.err;
}

TEST(Network, PublishedPortsAnswerOnLoopback) {
  Stack stack("netport");
  import_busybox(stack);
  stack.compose(R"(
services:
  a:
    image: busybox
    command: [nc, -ll, -p, "80", -e, /bin/echo, hello]
    healthcheck: {test: [CMD-SHELL, "nc 127.0.0.1 80 < /dev/null"], interval: 100ms}
    stop_grace_period: 0s
    ports: ["127.0.0.1:28181:80"]
)");
  stack.ok({"up", "-d", "--wait"});
  EXPECT_EQ(stack.ok({"port", "a", "80"}).out, "127.0.0.1:28181\n");
  EXPECT_EQ(read_tcp("127.0.0.1", 28181), "hello\n");
}

TEST(Network, AnInternalNetworkHasNoWayOut) {
  Stack stack("netint");
  import_busybox(stack);
  stack.compose(R"(
services:
  a: {image: busybox, command: [sleep, "3600"], stop_grace_period: 0s, networks: [inside]}
networks: {inside: {internal: true}}
)");
  stack.ok({"up", "-d"});
  EXPECT_FALSE(contains(stack.ok({"exec", "-T", "a", "ip", "route"}).out, "default"));
}

TEST(Network, NamespacesCanBeSharedOrLeftOut) {
  Stack stack("netmode");
  import_busybox(stack);
  stack.compose(R"(
services:
  none: {image: busybox, command: [sleep, "3600"], stop_grace_period: 0s, network_mode: none}
  first: {image: busybox, command: [sleep, "3600"], stop_grace_period: 0s}
  second: {image: busybox, command: [sleep, "3600"], stop_grace_period: 0s, network_mode: "service:first"}
)");
  stack.ok({"up", "-d"});
  EXPECT_FALSE(contains(stack.ok({"exec", "-T", "none", "ip", "addr"}).out, "eth0"));
  EXPECT_EQ(stack.ok({"exec", "-T", "first", "ip", "-4", "addr"}).out,
            stack.ok({"exec", "-T", "second", "ip", "-4", "addr"}).out);
}

/// Each tried on docker compose.
TEST(Network, NamesAreThoseOfTheNetworkThatIsShared) {
  Stack stack("netnames");
  import_busybox(stack);
  stack.compose(R"(
services:
  first:
    image: busybox
    command: [sleep, "3600"]
    stop_grace_period: 0s
    hostname: basehost
    extra_hosts: ["elsewhere:1.2.3.4"]
  second: {image: busybox, command: [sleep, "3600"], stop_grace_period: 0s, network_mode: "service:first"}
  host: {image: busybox, command: [sleep, "3600"], stop_grace_period: 0s, network_mode: host}
  named:
    image: busybox
    command: [sleep, "3600"]
    stop_grace_period: 0s
    network_mode: host
    hostname: mine
    extra_hosts: ["elsewhere:1.2.3.4"]
)");
  stack.ok({"up", "-d"});
  const auto in = [&stack](const char* service, const char* script) {
    return stack.ok({"exec", "-T", service, "sh", "-c", script}).out;
  };
  constexpr const char* kNames = "hostname; echo $HOSTNAME; cat /etc/hostname /etc/hosts /etc/resolv.conf";
  EXPECT_EQ(in("second", kNames), in("first", kNames));
  EXPECT_TRUE(in("second", kNames).starts_with("basehost\nbasehost\nbasehost\n"));
  char host[256]{};
  ASSERT_EQ(::gethostname(host, sizeof host - 1), 0);
  EXPECT_EQ(in("host", "hostname; cat /etc/hostname"), std::string(host) + "\n" + host + "\n");
  const std::string hosts = in("host", "cat /etc/hosts");
  if (std::ifstream file("/etc/hosts"); file)
    EXPECT_EQ(hosts, std::string(std::istreambuf_iterator<char>(file), {}));
  else  // as on a bare machine
    EXPECT_TRUE(hosts.starts_with("127.0.0.1\tlocalhost\n")) << hosts;
  EXPECT_EQ(in("named", "hostname"), "mine\n");
  EXPECT_TRUE(contains(in("named", "cat /etc/hosts"), "1.2.3.4\telsewhere\n"));
}

TEST(Network, WhatANetworkThatIsSharedCannotHaveIsRefusedWithItsPlace) {
  Stack stack("netconflict");
  import_busybox(stack);
  stack.compose(R"(
services:
  first: {image: busybox, command: [sleep, "3600"]}
  second:
    image: busybox
    network_mode: service:first
    hostname: other
    ports: ["80"]
)");
  const auto up = stack.davit({"up", "-d"});
  EXPECT_EQ(up.code, 1);
  EXPECT_TRUE(contains(up.err, "compose.yaml:7:")) << up.err;
  EXPECT_TRUE(contains(up.err, "conflicting options of service 'second': hostname and the network mode")) << up.err;
  EXPECT_TRUE(contains(up.err, "port publishing and the container type network mode")) << up.err;
}

}  // namespace
}  // namespace davit::test
