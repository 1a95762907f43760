// The server on ordinary sockets of 127.0.0.1: no rights needed.
#include "davit/dns/server.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <optional>
#include <thread>

#include "davit/network/ports.hpp"
#include "dns/bytes.hpp"
#include "dns/wire.hpp"
#include "network/sockets.hpp"
#include "support/patience.hpp"

namespace davit::dns {
namespace {

using namespace testing;
using namespace std::chrono_literals;
using network::Protocol;

constexpr auto kLimit = davit::test::patient(20s);

struct Bound {
  Fd fd;
  std::uint16_t port = 0;
};

Bound bound(Protocol protocol, std::optional<std::uint16_t> port = {}) {
  network::PortRequest request;
  request.host_ip = ip("127.0.0.1");
  if (port) request.host = network::PortRange{*port, *port};
  request.protocol = protocol;
  auto reserved = network::reserve_ports({request}).value();
  return {std::move(reserved[0].sockets[0].fd), reserved[0].host_port};
}

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() { server_->set_names(NameTable({{"net", "shop-db-1", {"db"}, {ip("10.0.0.9")}}})); }

  /// Serves a container on new ports.
  void serve(std::vector<Upstream> upstreams, const std::string& container = "c") {
    Bound udp = bound(Protocol::Udp);
    Bound tcp = bound(Protocol::Tcp);
    udp_port_ = udp.port;
    tcp_port_ = tcp.port;
    server_->serve(container, {std::move(udp.fd), std::move(tcp.fd)}, {{"net"}, {}}, std::move(upstreams));
  }

  Fd connected(int type, std::uint16_t port) {
    Fd fd(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
    const network::SocketAddress name(ip("127.0.0.1"), port);
    EXPECT_EQ(::connect(fd.get(), name.get(), name.size), 0);
    return fd;
  }

  /// Runs the loop until the socket has something, and reads it.
  std::string receive(const Fd& fd) {
    char buffer[65536];
    std::string text;
    run_until([&] {
      const auto size = ::recv(fd.get(), buffer, sizeof buffer, MSG_DONTWAIT);
      if (size > 0) text.assign(buffer, static_cast<std::size_t>(size));
      return size >= 0;
    });
    return text;
  }

  void run_until(const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + kLimit;
    while (!done()) {
      ASSERT_LT(std::chrono::steady_clock::now(), end) << "nothing happened in time";
      context_.restart();
      context_.run_one_for(10ms);
    }
  }

  std::optional<Answer> ask(const std::string& query) {
    const Fd fd = connected(SOCK_DGRAM, udp_port_);
    ::send(fd.get(), query.data(), query.size(), 0);
    const std::string answer = receive(fd);
    return parse_answer(bytes(answer));
  }

  boost::asio::io_context context_{1};
  ServerLimits limits_{.upstream_timeout = 200ms};
  std::unique_ptr<Server> server_ = std::make_unique<Server>(context_, limits_);
  std::uint16_t udp_port_ = 0;
  std::uint16_t tcp_port_ = 0;
};

/// An upstream that is driven by the test's own loop.
std::string answer_to(const std::string& query, const std::string& address, std::size_t records = 1) {
  Query parsed;
  EXPECT_FALSE(parse_query(bytes(query), parsed));
  std::vector<std::uint8_t> buffer(kMaxMessage);
  AnswerWriter writer(bytes(query), parsed, buffer, kMaxMessage);
  for (std::size_t i = 0; i < records; ++i) writer.add_address(ip(address), 60);
  const std::size_t size = writer.finish(Rcode::NoError);
  return {buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size)};
}

struct Datagram {
  std::string text;
  sockaddr_in peer{};
};

std::optional<Datagram> take(const Fd& fd) {
  char buffer[4096];
  Datagram datagram;
  socklen_t size = sizeof datagram.peer;
  const auto got =
      ::recvfrom(fd.get(), buffer, sizeof buffer, MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&datagram.peer), &size);
  if (got < 0) return std::nullopt;
  datagram.text.assign(buffer, static_cast<std::size_t>(got));
  return datagram;
}

void give(const Fd& fd, const Datagram& to, const std::string& text) {
  ::sendto(fd.get(), text.data(), text.size(), 0, reinterpret_cast<const sockaddr*>(&to.peer), sizeof to.peer);
}

TEST_F(ServerTest, AnswersOverUdp) {
  serve({});
  const auto answer = ask(make_query(5, "DB", Type::A));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->id, 5);
  EXPECT_EQ(answer->addresses, std::vector{ip("10.0.0.9")});
}

/// A program that asks again as soon as it has its answer; the number of right answers.
int ask_in_a_row(const Fd& fd, int questions) {
  const timeval limit{.tv_sec = 20, .tv_usec = 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  int right = 0;
  for (int i = 0; i < questions; ++i) {
    const std::string query = make_query(static_cast<std::uint16_t>(i), "db", Type::A);
    char buffer[512];
    if (::send(fd.get(), query.data(), query.size(), 0) < 0) break;
    const auto size = ::recv(fd.get(), buffer, sizeof buffer, 0);
    if (size < 0) break;
    const auto answer = parse_answer(bytes(std::string(buffer, static_cast<std::size_t>(size))));
    if (answer && answer->id == i && answer->addresses == std::vector{ip("10.0.0.9")}) ++right;
  }
  return right;
}

TEST_F(ServerTest, AnswersBurstsOfSeveralContainersAndThenSleeps) {
  serve({}, "a");
  const Fd first = connected(SOCK_DGRAM, udp_port_);
  serve({}, "b");
  const Fd second = connected(SOCK_DGRAM, udp_port_);
  int right_first = 0;
  int right_second = 0;
  std::thread a([&] { right_first = ask_in_a_row(first, 2000); });
  std::thread b([&] { right_second = ask_in_a_row(second, 2000); });
  std::thread loop([&] { context_.run(); });
  a.join();
  b.join();
  // Nobody asks any more: when both containers are forgotten, nothing is left that the loop would run for.
  boost::asio::post(context_, [&] {
    server_->forget("a");
    server_->forget("b");
  });
  loop.join();
  EXPECT_EQ(right_first, 2000);
  EXPECT_EQ(right_second, 2000);
}

TEST_F(ServerTest, NamesChangeWhileServing) {
  serve({});
  EXPECT_EQ(ask(make_query(5, "web", Type::A))->rcode, Rcode::NameError);
  server_->set_names(NameTable({{"net", "shop-web-1", {"web"}, {ip("10.0.0.7")}}}));
  EXPECT_EQ(ask(make_query(6, "web", Type::A))->addresses, std::vector{ip("10.0.0.7")});
  EXPECT_EQ(ask(make_query(7, "db", Type::A))->rcode, Rcode::NameError);
}

TEST_F(ServerTest, LooksForNamesWhenSomeoneAsks) {
  int looks = 0;
  server_->set_look([&] {
    if (++looks == 2) server_->set_names(NameTable({{"net", "blog-web-1", {"web"}, {ip("10.0.0.7")}}}));
  });
  serve({});
  EXPECT_EQ(ask(make_query(5, "web", Type::A))->rcode, Rcode::NameError);
  EXPECT_EQ(ask(make_query(6, "web", Type::A))->addresses, std::vector{ip("10.0.0.7")});
  EXPECT_EQ(looks, 2);
}

TEST_F(ServerTest, AnswersSeveralQuestionsOverOneTcpConnection) {
  serve({});
  const Fd fd = connected(SOCK_STREAM, tcp_port_);
  std::string questions;
  for (const std::uint16_t id : {std::uint16_t{1}, std::uint16_t{2}}) {
    const std::string query = make_query(id, "db", Type::A);
    questions += std::string(1, '\0') + static_cast<char>(query.size()) + query;
  }
  ASSERT_EQ(::send(fd.get(), questions.data(), questions.size(), 0), static_cast<ssize_t>(questions.size()));
  std::string received;
  while (received.size() < 2 * (2 + 20 + 16)) received += receive(fd);
  const std::size_t size = static_cast<std::uint8_t>(received[1]);
  EXPECT_EQ(parse_answer(bytes(received.substr(2, size)))->id, 1);
  EXPECT_EQ(parse_answer(bytes(received.substr(size + 4)))->id, 2);
}

TEST_F(ServerTest, ForwardsAndIgnoresForgedAnswers) {
  const Bound upstream = bound(Protocol::Udp);
  serve({{ip("127.0.0.1"), upstream.port}});
  const Fd fd = connected(SOCK_DGRAM, udp_port_);
  const std::string query = make_query(5, "example.com", Type::A);
  ::send(fd.get(), query.data(), query.size(), 0);
  std::optional<Datagram> asked;
  run_until([&] { return (asked = take(upstream.fd)).has_value(); });
  EXPECT_EQ(asked->text, query);
  give(upstream.fd, *asked, answer_to(make_query(6, "example.com", Type::A), "203.0.113.66"));
  give(upstream.fd, *asked, answer_to(make_query(5, "example.org", Type::A), "203.0.113.66"));
  give(upstream.fd, *asked, answer_to(query, "203.0.113.5"));
  const std::string received = receive(fd);
  EXPECT_EQ(parse_answer(bytes(received))->addresses, std::vector{ip("203.0.113.5")});
}

TEST_F(ServerTest, AsksTheServersThatALookFinds) {
  const Bound old = bound(Protocol::Udp);
  const Bound upstream = bound(Protocol::Udp);
  serve({{ip("127.0.0.1"), old.port}});
  server_->set_look([&] { server_->set_upstreams("c", {{ip("127.0.0.1"), upstream.port}}); });
  const Fd fd = connected(SOCK_DGRAM, udp_port_);
  const std::string query = make_query(5, "example.com", Type::A);
  ::send(fd.get(), query.data(), query.size(), 0);
  std::optional<Datagram> asked;
  run_until([&] { return (asked = take(upstream.fd)).has_value(); });
  EXPECT_EQ(asked->text, query);
  EXPECT_FALSE(take(old.fd).has_value());
}

TEST_F(ServerTest, AsksTheNextServerWhenOneIsSilentOrRefuses) {
  const Bound silent = bound(Protocol::Udp);
  const Bound refusing = bound(Protocol::Udp);
  const Bound good = bound(Protocol::Udp);
  std::uint16_t nobody = 0;
  {
    const Bound closed = bound(Protocol::Udp);
    nobody = closed.port;
  }
  serve({{ip("127.0.0.1"), nobody},
         {ip("127.0.0.1"), silent.port},
         {ip("127.0.0.1"), refusing.port},
         {ip("127.0.0.1"), good.port}});
  const Fd fd = connected(SOCK_DGRAM, udp_port_);
  const std::string query = make_query(5, "example.com", Type::A);
  ::send(fd.get(), query.data(), query.size(), 0);
  std::optional<Datagram> asked;
  run_until([&] { return (asked = take(refusing.fd)).has_value(); });
  std::string refusal = answer_to(query, "203.0.113.66", 0);
  refusal[3] = static_cast<char>((refusal[3] & 0xF0) | 5);
  give(refusing.fd, *asked, refusal);
  run_until([&] { return (asked = take(good.fd)).has_value(); });
  give(good.fd, *asked, answer_to(query, "203.0.113.5"));
  const std::string received = receive(fd);
  EXPECT_EQ(parse_answer(bytes(received))->addresses, std::vector{ip("203.0.113.5")});
}

TEST_F(ServerTest, SaysServerFailureWhenNobodyAnswers) {
  const Bound silent = bound(Protocol::Udp);
  serve({{ip("127.0.0.1"), silent.port}});
  const auto answer = ask(make_query(5, "example.com", Type::A));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->rcode, Rcode::ServerFailure);
  int tries = 0;
  while (take(silent.fd)) ++tries;
  EXPECT_EQ(tries, 2);
}

TEST_F(ServerTest, LimitsOutstandingQuestions) {
  const Bound silent = bound(Protocol::Udp);
  limits_.outstanding = 1;
  limits_.upstream_timeout = 60s;
  server_ = std::make_unique<Server>(context_, limits_);
  serve({{ip("127.0.0.1"), silent.port}});
  const Fd first = connected(SOCK_DGRAM, udp_port_);
  const std::string query = make_query(5, "example.com", Type::A);
  ::send(first.get(), query.data(), query.size(), 0);
  run_until([&] { return take(silent.fd).has_value(); });
  EXPECT_EQ(ask(make_query(6, "example.org", Type::A))->rcode, Rcode::ServerFailure);
}

TEST_F(ServerTest, OneContainersQuestionsLeaveRoomForTheOthers) {
  const Bound silent = bound(Protocol::Udp);
  limits_.outstanding = 1;
  limits_.upstream_timeout = 60s;
  server_ = std::make_unique<Server>(context_, limits_);
  serve({{ip("127.0.0.1"), silent.port}}, "greedy");
  const Fd first = connected(SOCK_DGRAM, udp_port_);
  const std::string query = make_query(5, "example.com", Type::A);
  ::send(first.get(), query.data(), query.size(), 0);
  run_until([&] { return take(silent.fd).has_value(); });
  serve({{ip("127.0.0.1"), silent.port}}, "other");
  const Fd second = connected(SOCK_DGRAM, udp_port_);
  ::send(second.get(), query.data(), query.size(), 0);
  std::optional<Datagram> asked;
  run_until([&] { return (asked = take(silent.fd)).has_value(); });
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->text, query);
}

TEST_F(ServerTest, AnAnsweredQuestionCountsNoMore) {
  const Bound upstream = bound(Protocol::Udp);
  limits_.outstanding = 1;
  server_ = std::make_unique<Server>(context_, limits_);
  serve({{ip("127.0.0.1"), upstream.port}});
  const Fd fd = connected(SOCK_DGRAM, udp_port_);
  for (std::uint16_t id = 5; id < 8; ++id) {
    const std::string query = make_query(id, "example.com", Type::A);
    ::send(fd.get(), query.data(), query.size(), 0);
    std::optional<Datagram> asked;
    run_until([&] { return (asked = take(upstream.fd)).has_value(); });
    give(upstream.fd, *asked, answer_to(query, "203.0.113.5"));
    const std::string received = receive(fd);
    EXPECT_EQ(parse_answer(bytes(received))->rcode, Rcode::NoError);
  }
}

TEST_F(ServerTest, AnAnswerInPlaceOfAQuestionEndsTheConnection) {
  serve({});
  const Fd fd = connected(SOCK_STREAM, tcp_port_);
  std::string query = make_query(5, "example.com", Type::A);
  query[2] = static_cast<char>(query[2] | 0x80);  // QR
  const std::string framed = std::string(1, '\0') + static_cast<char>(query.size()) + query;
  ::send(fd.get(), framed.data(), framed.size(), 0);
  char byte = 0;
  ssize_t got = -1;
  run_until([&] { return (got = ::recv(fd.get(), &byte, 1, MSG_DONTWAIT)) >= 0; });
  EXPECT_EQ(got, 0);
}

TEST_F(ServerTest, LongUpstreamAnswersAreCutForUdp) {
  const Bound upstream = bound(Protocol::Udp);
  serve({{ip("127.0.0.1"), upstream.port}});
  const Fd fd = connected(SOCK_DGRAM, udp_port_);
  const std::string query = make_query(5, "example.com", Type::A);
  ::send(fd.get(), query.data(), query.size(), 0);
  std::optional<Datagram> asked;
  run_until([&] { return (asked = take(upstream.fd)).has_value(); });
  give(upstream.fd, *asked, answer_to(query, "203.0.113.5", 100));
  const std::string received = receive(fd);
  EXPECT_LE(received.size(), 512U);
  EXPECT_TRUE(parse_answer(bytes(received))->truncated);
}

TEST_F(ServerTest, ForwardsTcpOverTcp) {
  const Bound upstream = bound(Protocol::Tcp);
  serve({{ip("127.0.0.1"), upstream.port}});
  const Fd fd = connected(SOCK_STREAM, tcp_port_);
  const std::string query = make_query(5, "example.com", Type::A);
  const std::string framed = std::string(1, '\0') + static_cast<char>(query.size()) + query;
  ::send(fd.get(), framed.data(), framed.size(), 0);
  Fd asked;
  run_until([&] { return static_cast<bool>(asked = Fd(::accept(upstream.fd.get(), nullptr, nullptr))); });
  EXPECT_EQ(receive(asked), framed);
  const std::string answer = answer_to(query, "203.0.113.5", 50);
  const std::string reply =
      std::string(1, static_cast<char>(answer.size() >> 8U)) + static_cast<char>(answer.size() & 255U) + answer;
  ::send(asked.get(), reply.data(), reply.size(), 0);
  std::string received;
  while (received.size() < reply.size()) received += receive(fd);
  EXPECT_EQ(parse_answer(bytes(received.substr(2)))->addresses.size(), 50U);
}

TEST_F(ServerTest, ForgottenContainerIsNotServed) {
  serve({});
  server_->forget("c");
  EXPECT_TRUE(bound(Protocol::Udp, udp_port_).fd) << "the socket is still held";
  server_->forget("never served");
}

TEST_F(ServerTest, DestroyedServerLeavesNoWork) {
  const Bound silent = bound(Protocol::Udp);
  serve({{ip("127.0.0.1"), silent.port}});
  const Fd fd = connected(SOCK_DGRAM, udp_port_);
  const Fd tcp = connected(SOCK_STREAM, tcp_port_);
  const std::string query = make_query(5, "example.com", Type::A);
  ::send(fd.get(), query.data(), query.size(), 0);
  run_until([&] { return take(silent.fd).has_value(); });
  server_.reset();
  context_.restart();
  context_.run_for(kLimit);
  EXPECT_TRUE(context_.stopped()) << "something still waits";
}

}  // namespace
}  // namespace davit::dns
