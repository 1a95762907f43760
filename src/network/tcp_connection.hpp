#pragma once
// One forwarded TCP connection.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>

#include "davit/network/port_forwarder.hpp"

namespace davit::network {

class TcpForwarder;

/// Moves bytes both ways through the kernel (splice). An end of stream is passed on as such, and the other direction
/// goes on; an error ends both.
class TcpConnection : public std::enable_shared_from_this<TcpConnection> {
 public:
  TcpConnection(boost::asio::io_context& context, std::weak_ptr<TcpForwarder> owner, Fd client);

  void start(const ForwardTarget& target, std::chrono::seconds connect_timeout);
  void close();

 private:
  using Socket = boost::asio::ip::tcp::socket;

  /// Bytes on their way from one socket to the other.
  struct Direction {
    Socket& from;
    Socket& to;
    Fd read_end;
    Fd write_end;
    std::size_t buffered = 0;
    bool done = false;
  };

  void connected();
  void move(Direction& direction);
  /// One splice in or out; false when the direction has to wait, has ended, or has failed.
  [[nodiscard]] bool fill(Direction& direction);
  [[nodiscard]] bool drain(Direction& direction);
  void wait(Direction& direction, Socket& socket, Socket::wait_type what);
  void finish(Direction& direction);
  void end();

  std::weak_ptr<TcpForwarder> owner_;
  Socket client_;
  Socket target_;
  boost::asio::steady_timer timer_;
  Direction upload_{client_, target_, {}, {}, 0, false};
  Direction download_{target_, client_, {}, {}, 0, false};
};

}  // namespace davit::network
