#pragma once
// The two kinds of forwarding behind PortForwarder.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "davit/network/port_forwarder.hpp"

namespace davit::network {

class TcpConnection;

/// One listening socket.
class TcpForwarder : public std::enable_shared_from_this<TcpForwarder> {
 public:
  TcpForwarder(boost::asio::io_context& context, Fd listener, ForwardTarget target, ForwarderLimits limits);

  void start() { wait(); }
  void close();
  void ended(const std::shared_ptr<TcpConnection>& connection);
  [[nodiscard]] std::size_t active() const { return connections_.size(); }

 private:
  void wait();
  void accept_all();

  boost::asio::io_context& context_;
  boost::asio::posix::stream_descriptor listener_;
  boost::asio::steady_timer pause_;
  ForwardTarget target_;
  ForwarderLimits limits_;
  std::set<std::shared_ptr<TcpConnection>> connections_;
};

/// One bound socket; each client has a socket of its own towards the target, so that answers find back.
class UdpForwarder : public std::enable_shared_from_this<UdpForwarder> {
 public:
  UdpForwarder(boost::asio::io_context& context, Fd socket, ForwardTarget target, ForwarderLimits limits);

  void start() { wait(); }
  void close();
  [[nodiscard]] std::size_t active() const { return clients_.size(); }

 private:
  struct Client {
    std::string address;  ///< the bytes of its socket address
    boost::asio::ip::udp::socket socket;
    std::chrono::steady_clock::time_point last;
  };
  using Clients = std::list<std::shared_ptr<Client>>;  ///< the one idle for longest first

  void wait();
  [[nodiscard]] bool take_one();
  void pass_on(const std::string& address, std::size_t size);
  [[nodiscard]] std::shared_ptr<Client> client_of(const std::string& address);
  [[nodiscard]] std::shared_ptr<Client> add_client(const std::string& address);
  void wait_for_answers(const std::shared_ptr<Client>& client);
  [[nodiscard]] bool send_back(Client& client);
  void drop_oldest();
  void watch_idle();

  boost::asio::io_context& context_;
  boost::asio::posix::stream_descriptor socket_;
  boost::asio::steady_timer idle_;
  ForwardTarget target_;
  ForwarderLimits limits_;
  Clients clients_;
  std::map<std::string, Clients::iterator> by_address_;
  std::vector<char> buffer_;
};

}  // namespace davit::network
