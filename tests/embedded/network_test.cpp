#include <arpa/inet.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>

#include <algorithm>

#include "embedded/engine_fixture.hpp"

namespace davit::embedded::test {
namespace {

class Networking : public EngineTest {
 protected:
  /// A server that says a word to everybody. Healthy when it listens: the kernel tells nobody of that.
  engine::ContainerSpec server(const std::string& name, const std::string& port, const std::string& word) const {
    engine::ContainerSpec wanted =
        on_network("default", spec(name, {"/bin/nc", "-ll", "-p", port, "-e", "/bin/echo", word}));
    wanted.healthcheck =
        engine::Healthcheck{.test = {"CMD-SHELL", "nc 127.0.0.1 " + port + " </dev/null"}, .interval = 20ms};
    return wanted;
  }

  ContainerId start_healthy(engine::ContainerSpec wanted) {
    const ContainerId id = start(std::move(wanted));
    until_event(id, "health_status: healthy");
    return id;
  }
};

/// What a connection to 127.0.0.1:port is told; "" when it is refused.
std::string fetch(std::uint16_t port) {
  const Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval limit{5, 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return "";
  std::string text;
  char chunk[256];
  for (ssize_t got = 0; (got = ::recv(socket.get(), chunk, sizeof chunk, 0)) > 0;)
    text.append(chunk, static_cast<std::size_t>(got));
  return text;
}

TEST_F(Networking, NamesResolveAndConnectionsReach) {
  run(engine_->create_network(network("default")));
  const ContainerId serving = start_healthy(server("server", "7000", "welcome"));
  const ContainerId client = start(on_network("default", spec("client", {"/bin/sleep", "1000"})));
  EXPECT_EQ(exec(client, {"/bin/sh", "-c", "test \"$(nc server 7000 </dev/null 2>&1)\" = welcome"}), 0);
  const engine::ObservedContainer seen = look(serving);
  ASSERT_EQ(seen.networks.size(), 1U);
  EXPECT_FALSE(seen.networks[0].ipv4_address.empty());
  EXPECT_THROW(run(engine_->remove_network(options_.project + "_default")), Error) << "it is in use";
}

TEST_F(Networking, PublishedPortsReachTheContainerAndAreGivenBack) {
  run(engine_->create_network(network("default")));
  engine::ContainerSpec wanted = server("web", "80", "served");
  wanted.ports = {{.container_port = 80}};
  const ContainerId id = start_healthy(std::move(wanted));
  const auto ports = look(id).ports;
  ASSERT_FALSE(ports.empty());
  const std::uint16_t port = ports[0].host_port;
  EXPECT_NE(port, 0);
  EXPECT_EQ(fetch(port), "served\n");
  run(engine_->stop_container(id, {}));
  EXPECT_EQ(fetch(port), "");
  EXPECT_TRUE(look(id).ports.empty());
}

/// Whether every TCP port of 127.0.0.1 among them can be bound.
bool are_free(const std::vector<engine::PublishedPort>& ports) {
  return std::all_of(ports.begin(), ports.end(), [](const auto& port) {
    const Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int yes = 1;  // connections of the test itself may linger
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port.host_port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  });
}

TEST_F(Networking, ALongRangeOfPortsIsPublishedAndGivenBack) {
  constexpr std::uint16_t kFirst = 7000;
  constexpr std::uint16_t kPorts = 200;
  run(engine_->create_network(network("default")));
  engine::ContainerSpec wanted = server("web", std::to_string(kFirst + kPorts - 1), "served");
  for (std::uint16_t i = 0; i < kPorts; ++i)
    wanted.ports.push_back({.container_port = static_cast<std::uint16_t>(kFirst + i)});
  const ContainerId id = start_healthy(std::move(wanted));
  const auto ports = look(id).ports;
  ASSERT_GE(ports.size(), kPorts);
  for (const auto& port : ports) {
    if (port.container_port != kFirst + kPorts - 1 || port.host_ip == "::") continue;
    EXPECT_EQ(fetch(port.host_port), "served\n") << port.host_port;
  }
  run(engine_->stop_container(id, {}));
  EXPECT_TRUE(are_free(ports));
}

TEST_F(Networking, ATakenPortIsNamedAndNothingIsLeft) {
  run(engine_->create_network(network("default")));
  const Fd holder(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(holder.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(holder.get(), 1), 0);
  socklen_t size = sizeof address;
  ::getsockname(holder.get(), reinterpret_cast<sockaddr*>(&address), &size);
  const std::uint16_t port = ntohs(address.sin_port);
  engine::ContainerSpec wanted = on_network("default", spec("web", {"/bin/sleep", "1000"}));
  wanted.ports = {{.host_ip = "127.0.0.1", .host_port = port, .host_port_end = port, .container_port = 80}};
  const ContainerId id = create(std::move(wanted));
  try {
    run(engine_->start_container(id));
    FAIL() << "it started";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(std::to_string(port)), std::string::npos) << error.what();
  }
  EXPECT_EQ(look(id).state, engine::ContainerState::Created);
}

/// A name server of the host that only counts who has asked.
class DeafNameServer {
 public:
  explicit DeafNameServer(const char* ip) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(53);
    ::inet_pton(AF_INET, ip, &address.sin_addr);
    if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      throw_system_error("bind", ip, errno);
  }
  [[nodiscard]] bool was_asked() const { return is_asked_within(0s); }
  [[nodiscard]] bool is_asked_within(std::chrono::seconds limit) const {
    pollfd question{fd_.get(), POLLIN, 0};
    return ::poll(&question, 1, static_cast<int>(std::chrono::milliseconds(limit).count())) > 0;
  }

 private:
  Fd fd_{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
};

TEST_F(Networking, QuestionsDoNotLeaveAnInternalNetwork) {
  const DeafNameServer host("127.0.0.77");
  engine::NetworkSpec inside = network("inside");
  inside.internal = true;
  run(engine_->create_network(inside));
  run(engine_->create_network(network("outside")));
  const auto asker = [&](const std::string& name) {
    engine::ContainerSpec wanted = on_network("inside", spec(name, {"/bin/sleep", "1000"}));
    wanted.dns = {"127.0.0.77"};
    return wanted;
  };
  const std::vector<std::string> ask{"/bin/sh", "-c", "nslookup -type=a secret.example 127.0.0.11"};
  const ContainerId shut = start(asker("shut"));
  EXPECT_NE(exec(shut, ask), 0);
  EXPECT_FALSE(host.was_asked());
  engine::ContainerSpec open = on_network("outside", asker("open"));
  open.args = ask;
  start(std::move(open));
  EXPECT_TRUE(host.is_asked_within(kLimit)) << "one of its networks leads out";
}

/// A resolv.conf that this thread and what it starts see in place of the host's. The mount namespace it takes for that
/// stays for the tests that follow, without the mount.
class OwnResolvConf {
 public:
  explicit OwnResolvConf(std::string file) : file_(std::move(file)) {
    say("127.0.0.1");
    if (::unshare(CLONE_NEWNS) != 0) throw_system_error("leave", "the mount namespace", errno);
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount(file_.c_str(), "/etc/resolv.conf", nullptr, MS_BIND, nullptr) != 0)
      throw_system_error("mount", file_, errno);
  }
  ~OwnResolvConf() { EXPECT_EQ(::umount2("/etc/resolv.conf", MNT_DETACH), 0); }
  OwnResolvConf(const OwnResolvConf&) = delete;
  OwnResolvConf& operator=(const OwnResolvConf&) = delete;
  void say(const std::string& server) const { std::ofstream(file_) << "nameserver " << server << "\n"; }

 private:
  std::string file_;
};

TEST_F(Networking, ARunningContainerFollowsTheHostToOtherNameServers) {
  const DeafNameServer old("127.0.0.78");
  const DeafNameServer next("127.0.0.179");
  const OwnResolvConf host(temp_.path() / "resolv.conf");
  host.say("127.0.0.78");
  run(engine_->create_network(network("default")));
  const ContainerId id = start(on_network("default", spec("asker", {"/bin/sleep", "1000"})));
  const auto ask = [&] {
    ExecRequest request;
    request.args = {"/bin/nslookup", "-type=a", "outside.example", "127.0.0.11"};
    run(engine_->exec_detached(id, std::move(request)));
  };
  ask();
  EXPECT_TRUE(old.is_asked_within(kLimit));
  EXPECT_FALSE(next.was_asked());
  host.say("127.0.0.179");
  ask();
  EXPECT_TRUE(next.is_asked_within(kLimit));
}

TEST_F(Networking, InterfacesAndPublishedPortsFollowTheAttachments) {
  engine::NetworkSpec inside = network("back");
  inside.internal = true;
  inside.ipam = {{.subnet = "10.213.7.0/24", .gateway = "", .ip_range = ""}};
  run(engine_->create_network(inside));
  engine::NetworkSpec outside = network("front");
  outside.driver_opts = {{"com.docker.network.driver.mtu", "1400"}};
  run(engine_->create_network(outside));
  // Ids of networks are random, and so was the order; in eight starts every order would be seen.
  for (int i = 0; i < 8; ++i) {
    engine::ContainerSpec wanted =
        on_network("back", shell("web" + std::to_string(i), "ip addr show eth0; ip addr show eth1; sleep 1000"));
    wanted = on_network("front", std::move(wanted));
    wanted.ports = {{.host_ip = "127.0.0.1", .container_port = 80}};
    const ContainerId id = start(std::move(wanted));
    until_logged(id, "eth1@");
    const std::string text = logged(id);
    EXPECT_LT(text.find("10.213.7."), text.find("eth1@")) << text;
    EXPECT_NE(text.find("mtu 1400", text.find("eth1@")), std::string::npos) << text;
    process::Command command;
    command.argv = {"nft", "list", "table", "inet", network::table_name(paths_.scope())};
    const process::Exit rules = run(process::run(timers_, std::move(command)));
    EXPECT_NE(rules.out.find("127.0.0.1 dnat"), std::string::npos) << rules.out;
    EXPECT_EQ(rules.out.find(": 10.213.7."), std::string::npos) << rules.out;
  }
}

TEST_F(Networking, NoNetworkMeansLoopbackAlone) {
  engine::ContainerSpec wanted = shell("alone", "ip -o link");
  wanted.network_mode = "none";
  const ContainerId id = start(std::move(wanted));
  until_event(id, "die");
  EXPECT_EQ(logged(id).find("eth0"), std::string::npos) << logged(id);
  EXPECT_NE(logged(id).find("lo:"), std::string::npos) << logged(id);
}

TEST_F(Networking, AContainerJoinsTheNetworkOfAnother) {
  run(engine_->create_network(network("default")));
  const ContainerId owner = start_healthy(server("owner", "7001", "shared"));
  engine::ContainerSpec wanted = spec("guest", {"/bin/sleep", "1000"});
  wanted.network_mode = "container:" + owner.str();
  const ContainerId guest = start(std::move(wanted));
  EXPECT_EQ(exec(guest, {"/bin/sh", "-c", "test \"$(nc 127.0.0.1 7001 </dev/null 2>&1)\" = shared"}), 0);
}

TEST_F(Networking, ManyContainersStartTogether) {
  run(engine_->create_network(network("default")));
  constexpr int kMany = 12;
  std::vector<ContainerId> ids;
  for (int i = 0; i < kMany; ++i)
    ids.push_back(create(on_network("default", spec("s" + std::to_string(i), {"/bin/sleep", "1000"}))));
  int started = 0;
  int ended = 0;
  for (const auto& id : ids) {
    asio::co_spawn(context_, engine_->start_container(id), [&](std::exception_ptr error) {
      started += error ? 0 : 1;
      if (++ended == kMany) context_.stop();
    });
  }
  context_.restart();
  context_.run_for(kLimit);
  EXPECT_EQ(started, kMany);
  for (const auto& id : ids) EXPECT_EQ(exec(id, {"/bin/sh", "-c", "nslookup s0 >/dev/null"}), 0);
}

}  // namespace
}  // namespace davit::embedded::test
