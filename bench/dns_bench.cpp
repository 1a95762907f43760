// The dns room at work: an answer alone, and questions one after the other to a server in another thread. The second is
// mostly the kernel's: compare it with ask_an_echo, whose server only sends back what it gets, and does not sleep
// either.

#include <benchmark/benchmark.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "davit/dns/message.hpp"
#include "davit/dns/server.hpp"

namespace {

using namespace davit;
using namespace davit::dns;

NameTable fifty_names() {
  std::vector<Endpoint> endpoints;
  for (std::uint32_t i = 0; i < 50; ++i)
    endpoints.push_back({"shop_default",
                         "shop-s" + std::to_string(i) + "-1",
                         {"s" + std::to_string(i)},
                         {network::IpAddress::v4(0x0A000002 + i)}});
  return NameTable(endpoints);
}

std::pair<Fd, sockaddr_in> bound(int type) {
  Fd fd(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof name;
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&name), size) != 0 ||
      ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&name), &size) != 0)
    throw std::runtime_error("cannot bind a socket");
  if (type == SOCK_STREAM) ::listen(fd.get(), 1);
  return {std::move(fd), name};
}

void ask(benchmark::State& state, const sockaddr_in& server) {
  const Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&server), sizeof server) != 0)
    throw std::runtime_error("cannot connect a socket");
  const std::string query = make_query(1, "s7", Type::A);
  char answer[512];
  for (auto _ : state) {
    if (::send(fd.get(), query.data(), query.size(), 0) < 0 || ::recv(fd.get(), answer, sizeof answer, 0) < 0)
      throw std::runtime_error("no answer");
  }
  state.SetItemsProcessed(state.iterations());
}

void answer_a_question(benchmark::State& state) {
  const NameTable names = fifty_names();
  const Asker asker{{"shop_default"}, {}};
  const std::string text = make_query(1, "s7", Type::A);
  const std::span<const std::uint8_t> packet(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  std::vector<std::uint8_t> buffer(kMaxUdpSize);
  Query query;
  Lookup lookup;
  for (auto _ : state) {
    if (parse_query(packet, query)) throw std::runtime_error("no query");
    names.find(asker, query.name(), network::Family::V4, 0, lookup);
    AnswerWriter writer(packet, query, buffer, kPlainUdpSize);
    for (const auto& address : lookup.addresses) writer.add_address(address, 600);
    benchmark::DoNotOptimize(writer.finish(Rcode::NoError));
  }
}
BENCHMARK(answer_a_question);

void ask_the_server(benchmark::State& state) {
  boost::asio::io_context context(1);
  Server server(context);
  server.set_names(fifty_names());
  auto [udp, name] = bound(SOCK_DGRAM);
  auto tcp = bound(SOCK_STREAM);
  server.serve("c", {std::move(udp), std::move(tcp.first)}, {{"shop_default"}, {}}, {});
  std::thread loop([&] { context.run(); });
  ask(state, name);
  boost::asio::post(context, [&] { server.forget("c"); });
  loop.join();
}
BENCHMARK(ask_the_server)->UseRealTime();

void ask_an_echo(benchmark::State& state) {
  const auto [fd, name] = bound(SOCK_DGRAM);
  std::atomic<bool> over = false;
  std::thread echo([&over, socket = fd.get()] {
    char packet[512];
    while (!over) {
      sockaddr_in peer{};
      socklen_t size = sizeof peer;
      const auto got =
          ::recvfrom(socket, packet, sizeof packet, MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&peer), &size);
      if (got > 0) ::sendto(socket, packet, static_cast<std::size_t>(got), 0, reinterpret_cast<sockaddr*>(&peer), size);
    }
  });
  ask(state, name);
  over = true;
  echo.join();
}
BENCHMARK(ask_an_echo)->UseRealTime();

}  // namespace
