#pragma once
// One question on its way to the host's resolvers and back.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "davit/dns/server.hpp"
#include "dns/responder.hpp"

namespace davit::dns {

/// Asks one server after the other until one gives an answer, each for `timeout`. A socket of its own for each try, so
/// that the source port is as random as the kernel makes it, and nobody else's answer is taken.
class UpstreamQuery : public std::enable_shared_from_this<UpstreamQuery> {
 public:
  /// The answer; empty when no server gave one. Called once, unless cancelled. The bytes are the query's own.
  using Handler = std::function<void(std::span<std::uint8_t> answer)>;

  UpstreamQuery(boost::asio::io_context& context, std::span<const std::uint8_t> packet, Transport transport,
                std::vector<Upstream> servers, std::chrono::milliseconds timeout);

  void on_done(Handler handler) { handler_ = std::move(handler); }
  /// Needs a handler.
  void start();
  /// The handler is not called any more.
  void cancel();
  [[nodiscard]] std::span<const std::uint8_t> packet() const { return std::span(framed_).subspan(2); }

 private:
  void try_next();
  void try_udp(const Upstream& server);
  void receive_udp();
  void try_tcp(const Upstream& server);
  void receive_tcp();
  void take(std::size_t size);
  void finish(std::span<std::uint8_t> answer);
  void close();
  [[nodiscard]] bool last_try() const { return tries_ == max_tries_; }

  /// Calls a member with what an operation gave, unless the try it belongs to is over.
  template <class Member>
  auto bound(Member member);

  Transport transport_;
  std::vector<Upstream> servers_;
  std::chrono::milliseconds timeout_;
  Handler handler_;
  std::vector<std::uint8_t> framed_;  ///< the length (for TCP) and the packet
  std::vector<std::uint8_t> answer_;
  std::size_t tries_ = 0;
  std::size_t max_tries_;
  boost::asio::ip::udp::socket udp_;
  boost::asio::ip::tcp::socket tcp_;
  boost::asio::steady_timer timer_;
};

}  // namespace davit::dns
