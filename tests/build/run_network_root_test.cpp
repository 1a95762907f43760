// The network of RUN steps, and what of the host reaches them.

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <thread>

#include "build/build_fixture.hpp"
#include "davit/base/fd.hpp"

namespace davit::test {
namespace {

using BuildRootTest = BuildTest;
namespace fs = std::filesystem;

/// Says "hi" to whoever connects to its port of the host.
class Greeter {
 public:
  explicit Greeter(std::uint32_t address) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(address);
    socklen_t size = sizeof where;
    if (::bind(fd_.get(), reinterpret_cast<sockaddr*>(&where), size) != 0 || ::listen(fd_.get(), 8) != 0)
      throw std::runtime_error("cannot listen");
    ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&where), &size);
    port_ = std::to_string(ntohs(where.sin_port));
    thread_ = std::thread([this] { greet(); });
  }
  Greeter(const Greeter&) = delete;
  Greeter& operator=(const Greeter&) = delete;
  ~Greeter() {
    ::shutdown(fd_.get(), SHUT_RDWR);
    thread_.join();
  }
  [[nodiscard]] const std::string& port() const { return port_; }

 private:
  void greet() const {
    for (;;) {
      const Fd guest(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!guest) return;
      (void)!::write(guest.get(), "hi\n", 3);
    }
  }
  Fd fd_;
  std::string port_;
  std::thread thread_;
};

TEST_F(BuildRootTest, RunHasANetworkOfItsOwnWithAWayOutButNotToTheHostsLoopback) {
  const Greeter loopback(INADDR_LOOPBACK);
  const Greeter everywhere(INADDR_ANY);
  request_.args = {{"LOOPBACK", loopback.port()}, {"EVERYWHERE", everywhere.port()}};
  const ImageId id = must_build(
      "FROM box\nARG LOOPBACK\nARG EVERYWHERE\n"
      "RUN set -- $(ip route | grep default); gateway=$3; "
      "for to in \"127.0.0.1 $LOOPBACK\" \"127.0.0.1 $EVERYWHERE\" \"$gateway $LOOPBACK\" \"$gateway $EVERYWHERE\"; do "
      "nc -w 5 $to </dev/null >>/r 2>/dev/null || echo none >> /r; done; "
      "cat /etc/resolv.conf > /dns; ip -o addr > /addresses\n");
  EXPECT_EQ(read(id, "/r"), "none\nnone\nnone\nhi\n") << read(id, "/addresses");
  EXPECT_NE(read(id, "/dns").find("nameserver 127.0.0.11\n"), std::string::npos);
  EXPECT_NE(read(id, "/addresses").find("eth0"), std::string::npos);
}

TEST_F(BuildRootTest, StepsOfABuildShareTheirNetwork) {
  const ImageId id = must_build(
      "FROM box AS a\nRUN ip -o addr show eth0 > /a\nFROM box AS b\nRUN echo b; ip -o addr show eth0 > /b\n"
      "FROM scratch\nCOPY --from=a /a /\nCOPY --from=b /b /\n");
  EXPECT_EQ(read(id, "/a"), read(id, "/b"));
}

TEST_F(BuildRootTest, NetworkCanBeNoneOrTheHosts) {
  const auto lines = [](const std::string& text) { return std::count(text.begin(), text.end(), '\n'); };
  const std::string look = " cat /proc/net/dev > /d; readlink /proc/self/ns/net > /ns\n";
  const ImageId none = must_build("FROM box\nRUN --network=none" + look);
  EXPECT_EQ(lines(read(none, "/d")), 3) << read(none, "/d");
  const std::string host = fs::read_symlink("/proc/self/ns/net").string() + "\n";
  EXPECT_NE(read(none, "/ns"), host);
  EXPECT_NE(read(must_build("FROM box\nRUN" + look), "/ns"), host);

  request_.network = build::RunNetworkMode::None;
  EXPECT_EQ(lines(read(must_build("FROM box\nRUN" + look), "/d")), 3) << "and not the cached one";
  request_.network = build::RunNetworkMode::Host;
  EXPECT_EQ(read(must_build("FROM box\nRUN" + look), "/ns"), host);
  EXPECT_EQ(read(must_build("FROM box\nRUN --network=host" + look), "/ns"), host);
  request_.network = build::RunNetworkMode::Sandbox;
  EXPECT_EQ(
      must_fail("FROM box\nRUN --network=host true\n"),
      "Dockerfile:2:5: error: RUN may not use the host's network: it was not allowed to\n"
      "    2 | RUN --network=host true\n"
      "      |     ^~~~~~~~~~~~~~\n"
      "  hint: allow it with --allow network.host, in a Compose file with 'build.entitlements: [network.host]'\n");
  request_.host_network = build::HostNetwork::Allowed;
  EXPECT_EQ(read(must_build("FROM box\nRUN --network=host echo 2;" + look), "/ns"), host);
}

TEST_F(BuildRootTest, HostsLimitsAndSharedMemoryReachTheStep) {
  request_.extra_hosts = {{"db", "10.1.2.3"}, {"me", "host-gateway"}};
  request_.ulimits = {{"nofile", 123, 456}};
  request_.shm_size = 1 << 20;
  const ImageId id = must_build(
      "FROM box\nRUN cat /etc/hosts > /hosts; ulimit -n > /n; ip route > /route; grep /dev/shm /proc/mounts > /shm\n");
  EXPECT_NE(read(id, "/hosts").find("10.1.2.3\tdb\n"), std::string::npos) << read(id, "/hosts");
  const std::string gateway = read(id, "/route").substr(12, read(id, "/route").find(" dev") - 12);
  EXPECT_NE(read(id, "/hosts").find(gateway + "\tme\n"), std::string::npos) << read(id, "/hosts") << gateway;
  EXPECT_EQ(read(id, "/n"), "123\n");
  EXPECT_NE(read(id, "/shm").find("size=1024k"), std::string::npos) << read(id, "/shm");
}

}  // namespace
}  // namespace davit::test
