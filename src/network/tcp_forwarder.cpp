#include <sys/socket.h>

#include <cerrno>

#include "davit/base/shortage.hpp"
#include "network/forwarder_parts.hpp"
#include "network/tcp_connection.hpp"

namespace davit::network {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

}  // namespace

TcpForwarder::TcpForwarder(asio::io_context& context, Fd listener, ForwardTarget target, ForwarderLimits limits)
    : context_(context), listener_(context, listener.release()), pause_(context), target_(target), limits_(limits) {}

void TcpForwarder::close() {
  error_code ignored;
  listener_.close(ignored);
  pause_.cancel();
  for (const auto& connection : std::exchange(connections_, {})) connection->close();
}

void TcpForwarder::ended(const std::shared_ptr<TcpConnection>& connection) {
  const bool full = connections_.size() >= limits_.tcp_connections;
  if (connections_.erase(connection) > 0 && full && listener_.is_open()) wait();
}

void TcpForwarder::wait() {
  listener_.async_wait(asio::posix::stream_descriptor::wait_read, [self = shared_from_this()](const error_code& error) {
    if (!error) self->accept_all();
  });
}

void TcpForwarder::accept_all() {
  while (connections_.size() < limits_.tcp_connections) {
    Fd client(::accept4(listener_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!client && errno == EAGAIN) return wait();
    if (!client && (errno == ECONNABORTED || errno == EINTR))
      continue;  // a client that was gone before it was accepted
    if (!client) {
      // A shortage, or a listener that does not work: the connection stays in the backlog.
      pause_.expires_after(kShortagePause);
      pause_.async_wait([self = shared_from_this()](const error_code& error) {
        if (!error) self->wait();
      });
      return;
    }
    auto connection = std::make_shared<TcpConnection>(context_, weak_from_this(), std::move(client));
    connections_.insert(connection);
    connection->start(target_, limits_.connect_timeout);
  }
  // Full: the next one is accepted when one has ended.
}

}  // namespace davit::network
