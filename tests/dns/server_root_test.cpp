// The server inside of a container's namespace, asked by programs in it.
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <thread>

#include "davit/dns/server.hpp"
#include "dns/bytes.hpp"
#include "network/test_host.hpp"

namespace davit::dns {
namespace {

using namespace network::testing;
using testing::bytes;

class DnsRoot : public network::testing::TestHost {
 protected:
  ~DnsRoot() override {
    context_.stop();
    if (thread_.joinable()) thread_.join();
  }

  void run() {
    thread_ = std::thread([this] {
      const auto work = boost::asio::make_work_guard(context_);
      context_.run();
    });
  }

  static std::vector<network::IpAddress> ask(int netns, const std::string& name) {
    const std::string query = make_query(9, name, Type::A);
    const Fd fd = send_datagram(netns, "127.0.0.11", 53, query);
    const auto answer = parse_answer(bytes(read_some(fd)));
    if (!answer) ADD_FAILURE() << "no answer for " << name;
    return answer ? answer->addresses : std::vector<network::IpAddress>();
  }

  boost::asio::io_context context_{1};
  std::thread thread_;
};

TEST_F(DnsRoot, EachContainerSeesItsOwnNames) {
  const Fd a = network::create_namespace();
  const Fd b = network::create_namespace();
  auto sockets = open_server_sockets(std::vector<ServerPlace>{{a.get()}, {b.get()}});
  Server server(context_);
  server.set_names(
      NameTable({{"front", "web-1", {"web"}, {ip("10.0.0.2")}}, {"back", "web-2", {"web"}, {ip("10.0.1.2")}}}));
  server.serve("a", std::move(sockets[0]), {{"front"}, {}}, {});
  server.serve("b", std::move(sockets[1]), {{"back"}, {}}, {});
  run();
  EXPECT_EQ(ask(a.get(), "web"), std::vector{ip("10.0.0.2")});
  EXPECT_EQ(ask(b.get(), "web"), std::vector{ip("10.0.1.2")});
  context_.stop();
  thread_.join();
}

TEST_F(DnsRoot, ForwardsFromTheHostsNamespace) {
  const Fd a = network::create_namespace();
  // An upstream on the host's loopback, as systemd-resolved's 127.0.0.53.
  const Fd upstream = listen_at("127.0.0.53", 53, network::Protocol::Udp);
  Server server(context_);
  server.serve("a", open_server_sockets(ServerPlace{a.get()}), {{"front"}, {}}, {{ip("127.0.0.53"), 53}});
  run();
  const std::string query = make_query(9, "example.com", Type::A);
  const Fd fd = send_datagram(a.get(), "127.0.0.11", 53, query);
  EXPECT_EQ(read_some(upstream), query);
  context_.stop();
  thread_.join();
}

TEST_F(DnsRoot, SocketsKeptElsewhereServeAgain) {
  const Fd a = network::create_namespace();
  const ServerSockets kept = open_server_sockets(ServerPlace{a.get()});
  const NameTable names({{"front", "web-1", {"web"}, {ip("10.0.0.2")}}});
  const auto duplicate = [&] { return ServerSockets{Fd(::dup(kept.udp.get())), Fd(::dup(kept.tcp.get()))}; };
  {
    Server first(context_);
    first.serve("a", duplicate(), {{"front"}, {}}, {});
  }
  // Asked while nobody serves: the question waits in the socket.
  const std::string query = make_query(9, "web", Type::A);
  const Fd fd = send_datagram(a.get(), "127.0.0.11", 53, query);
  Server second(context_);
  second.set_names(names);
  second.serve("a", duplicate(), {{"front"}, {}}, {});
  run();
  const auto answer = parse_answer(bytes(read_some(fd)));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->addresses, std::vector{ip("10.0.0.2")});
  context_.stop();
  thread_.join();
}

/// As pihole, dnsmasq and coredns do.
TEST_F(DnsRoot, ARedirectedServerLeavesPort53ToPrograms) {
  const Fd a = network::create_namespace();
  Server server(context_);
  server.set_names(NameTable({{"front", "web-1", {"web"}, {ip("10.0.0.2")}}}));
  server.serve("a", open_server_sockets(ServerPlace{a.get(), Entrance::Redirected}), {{"front"}, {}}, {});
  run();
  const Fd udp = listen_in(a.get(), "0.0.0.0", 53, network::Protocol::Udp);
  const Fd tcp = listen_in(a.get(), "0.0.0.0", 53, network::Protocol::Tcp);
  EXPECT_EQ(ask(a.get(), "web"), std::vector{ip("10.0.0.2")});
  const Fd to_program = send_datagram(a.get(), "127.0.0.1", 53, "hello");
  EXPECT_EQ(read_some(udp), "hello");
  network::run_in_namespace(a.get(), [] {
    Fd connection;
    EXPECT_EQ(connect_to(connection, "127.0.0.11", 53), 0);
    const std::string query = make_query(9, "web", Type::A);
    const std::string framed = std::string{'\0', static_cast<char>(query.size())} + query;
    ASSERT_EQ(::write(connection.get(), framed.data(), framed.size()), static_cast<ssize_t>(framed.size()));
    const std::string answer = read_some(connection);
    ASSERT_GT(answer.size(), 2U);
    EXPECT_TRUE(parse_answer(bytes(answer.substr(2))));
  });
  context_.stop();
  thread_.join();
}

/// Why the other entrance is there.
TEST_F(DnsRoot, ADirectServerHoldsPort53) {
  const Fd a = network::create_namespace();
  const ServerSockets held = open_server_sockets(ServerPlace{a.get()});
  EXPECT_THROW(listen_in(a.get(), "0.0.0.0", 53, network::Protocol::Udp), std::runtime_error);
}

}  // namespace
}  // namespace davit::dns
