// Forwarding between sockets of the loopback: no rights needed.
#include "davit/network/port_forwarder.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <random>
#include <thread>

#include "network/test_host.hpp"

namespace davit::network {
namespace {

using namespace testing;

class PortForwarderTest : public ::testing::Test {
 protected:
  ~PortForwarderTest() override {
    on_loop([this] {
      forwarder_.reset();
      work_.reset();
    });
    thread_.join();  // ends only when nothing waits any more
  }

  template <class Work>
  void on_loop(Work work) {
    std::promise<void> done;
    boost::asio::post(context_, [&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }

  /// Takes the loop into this thread for as long as `check` fails and the limit has not passed; it is asked once after
  /// each handler.
  template <class Check>
  bool loop_until(Check check) {
    on_loop([this] { context_.stop(); });
    thread_.join();
    context_.restart();
    const auto limit = std::chrono::steady_clock::now() + davit::test::patient(std::chrono::seconds(30));
    bool holds = check();
    while (!holds && context_.run_one_until(limit) > 0) holds = check();
    thread_ = std::thread([this] { context_.run(); });
    return holds;
  }

  void forward(Protocol protocol, std::uint16_t target, ForwarderLimits limits = {}) {
    PortRequest request;
    request.host_ip = ip("127.0.0.1");
    request.protocol = protocol;
    auto reserved = reserve_ports({request}).value();
    port_ = reserved[0].host_port;
    on_loop([&] {
      forwarder_ = std::make_unique<PortForwarder>(context_, std::move(reserved[0]),
                                                   ForwardTarget{ip("127.0.0.1"), target}, limits);
    });
  }

  std::size_t active() {
    std::size_t number = 0;
    on_loop([&] { number = forwarder_->active(); });
    return number;
  }

  Fd connect() {
    Fd fd;
    EXPECT_EQ(connect_to(fd, "127.0.0.1", port_), 0);
    return fd;
  }

  static std::uint16_t port_of(const Fd& fd) {
    SocketAddress name;
    name.size = sizeof name.storage;
    ::getsockname(fd.get(), name.get(), &name.size);
    return name.port();
  }

  /// Whether the peer has closed its side, within the limit.
  static bool ended(const Fd& fd) {
    pollfd wait{fd.get(), POLLIN, 0};
    char byte;
    return ::poll(&wait, 1, kLimitMs) == 1 && ::recv(fd.get(), &byte, 1, 0) <= 0;
  }

  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{context_.get_executor()};
  std::thread thread_{[this] { context_.run(); }};
  std::unique_ptr<PortForwarder> forwarder_;
  std::uint16_t port_ = 0;
};

TEST_F(PortForwarderTest, CarriesBytesBothWaysAndHalfCloses) {
  const Fd listener = listen_at("127.0.0.1", 0);
  forward(Protocol::Tcp, port_of(listener));
  const Fd client = connect();
  const Fd server = accept_one(listener);
  write_all(client, "request");
  EXPECT_EQ(read_some(server), "request");
  ::shutdown(client.get(), SHUT_WR);
  EXPECT_TRUE(ended(server));
  write_all(server, "answer after the end of the request");
  EXPECT_EQ(read_some(client), "answer after the end of the request");
  ::shutdown(server.get(), SHUT_WR);
  EXPECT_TRUE(ended(client));
}

TEST_F(PortForwarderTest, CarriesMoreThanAnyBufferHolds) {
  const Fd listener = listen_at("127.0.0.1", 0);
  forward(Protocol::Tcp, port_of(listener));
  const Fd client = connect();
  const Fd server = accept_one(listener);
  std::string sent(32 << 20, '\0');
  std::minstd_rand random(7);
  for (char& c : sent) c = static_cast<char>(random());
  std::thread writer([&] {
    std::size_t at = 0;
    while (at < sent.size()) {
      pollfd wait{client.get(), POLLOUT, 0};
      if (::poll(&wait, 1, kLimitMs) <= 0) return;
      const auto size = ::send(client.get(), sent.data() + at, sent.size() - at, MSG_NOSIGNAL);
      if (size < 0 && errno != EAGAIN) return;
      if (size > 0) at += static_cast<std::size_t>(size);
    }
    ::shutdown(client.get(), SHUT_WR);
  });
  std::string received;
  for (std::string part = read_some(server); !part.empty(); part = read_some(server)) received += part;
  writer.join();
  EXPECT_EQ(received.size(), sent.size());
  EXPECT_TRUE(received == sent);
}

TEST_F(PortForwarderTest, ClosesTheClientWhenNobodyListens) {
  std::uint16_t nobody = 0;
  {
    const Fd closed = listen_at("127.0.0.1", 0);
    nobody = port_of(closed);
  }
  forward(Protocol::Tcp, nobody);
  EXPECT_TRUE(ended(connect()));
  EXPECT_EQ(active(), 0U);
}

TEST_F(PortForwarderTest, WaitsWithTheNextConnectionAtTheLimit) {
  const Fd listener = listen_at("127.0.0.1", 0);
  forward(Protocol::Tcp, port_of(listener), {.tcp_connections = 1});
  Fd first = connect();
  Fd server = accept_one(listener);
  const Fd second = connect();
  write_all(second, "second");
  EXPECT_EQ(active(), 1U);
  first.reset();
  server.reset();
  const Fd next = accept_one(listener);
  ASSERT_TRUE(next);
  EXPECT_EQ(read_some(next), "second");
}

TEST_F(PortForwarderTest, DestroyingItClosesConnections) {
  const Fd listener = listen_at("127.0.0.1", 0);
  forward(Protocol::Tcp, port_of(listener));
  const Fd client = connect();
  const Fd server = accept_one(listener);
  on_loop([this] { forwarder_.reset(); });
  EXPECT_TRUE(ended(client));
  EXPECT_TRUE(ended(server));
  Fd late;
  EXPECT_EQ(connect_to(late, "127.0.0.1", port_), ECONNREFUSED);
}

TEST_F(PortForwarderTest, EachUdpClientGetsItsOwnAnswers) {
  const Fd target = listen_at("127.0.0.1", 0, Protocol::Udp);
  forward(Protocol::Udp, port_of(target));
  const auto client = [this](std::string_view text) {
    Fd fd = open_socket(Family::V4, SOCK_DGRAM);
    const SocketAddress name(ip("127.0.0.1"), port_);
    ::connect(fd.get(), name.get(), name.size);
    write_all(fd, text);
    return fd;
  };
  const Fd a = client("a");
  const Fd b = client("b");
  for (int i = 0; i < 2; ++i) {
    char buffer[16];
    SocketAddress peer;
    peer.size = sizeof peer.storage;
    pollfd wait{target.get(), POLLIN, 0};
    ASSERT_EQ(::poll(&wait, 1, kLimitMs), 1);
    ASSERT_EQ(::recvfrom(target.get(), buffer, sizeof buffer, 0, peer.get(), &peer.size), 1);
    const std::string answer = std::string("for ") + buffer[0];
    ::sendto(target.get(), answer.data(), answer.size(), 0, peer.get(), peer.size);
  }
  EXPECT_EQ(read_some(a), "for a");
  EXPECT_EQ(read_some(b), "for b");
  EXPECT_EQ(active(), 2U);
}

TEST_F(PortForwarderTest, NewUdpClientPushesOutTheOldestAndIdleOnesAreForgotten) {
  const Fd target = listen_at("127.0.0.1", 0, Protocol::Udp);
  forward(Protocol::Udp, port_of(target), {.udp_clients = 2, .udp_idle = std::chrono::seconds(1)});
  std::vector<Fd> clients;
  for (int i = 0; i < 5; ++i) {
    clients.push_back(open_socket(Family::V4, SOCK_DGRAM));
    const SocketAddress name(ip("127.0.0.1"), port_);
    ::sendto(clients.back().get(), "x", 1, 0, name.get(), name.size);
    EXPECT_EQ(read_some(target), "x");
  }
  EXPECT_LE(active(), 2U);
  EXPECT_TRUE(loop_until([this] { return forwarder_->active() == 0; }));
}

}  // namespace
}  // namespace davit::network
