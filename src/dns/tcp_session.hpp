#pragma once
// One TCP connection of a container to its DNS server: questions one after the other, each with its length before it.

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <memory>
#include <vector>

#include "dns/server_core.hpp"

namespace davit::dns {

class Listener;

class TcpSession : public std::enable_shared_from_this<TcpSession> {
 public:
  TcpSession(std::shared_ptr<Listener> listener, Fd fd);

  void start() { read_size(); }
  void close();

 private:
  void read_size();
  void read_question();
  void answer();
  void send(std::span<const std::uint8_t> message);
  void end();

  std::weak_ptr<Listener> listener_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer idle_;
  std::vector<std::uint8_t> question_;
  std::vector<std::uint8_t> answer_;
};

}  // namespace davit::dns
