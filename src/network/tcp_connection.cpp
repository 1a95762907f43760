#include "network/tcp_connection.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <cerrno>

#include "network/asio_address.hpp"
#include "network/forwarder_parts.hpp"

namespace davit::network {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t kPipeSize = 64 * 1024;
constexpr unsigned kSpliceFlags = SPLICE_F_MOVE | SPLICE_F_NONBLOCK;
// A connection with a lot to move lets the others in after so many rounds.
constexpr int kRounds = 16;

bool open_pipe(Fd& read_end, Fd& write_end) {
  int ends[2];
  if (::pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0) return false;
  read_end.reset(ends[0]);
  write_end.reset(ends[1]);
  return true;
}

}  // namespace

TcpConnection::TcpConnection(asio::io_context& context, std::weak_ptr<TcpForwarder> owner, Fd client)
    : owner_(std::move(owner)), client_(context), target_(context), timer_(context) {
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  ::getsockname(client.get(), reinterpret_cast<sockaddr*>(&name), &size);
  client_.assign(name.ss_family == AF_INET6 ? asio::ip::tcp::v6() : asio::ip::tcp::v4(), client.release());
}

void TcpConnection::start(const ForwardTarget& target, std::chrono::seconds connect_timeout) {
  timer_.expires_after(connect_timeout);
  timer_.async_wait([self = shared_from_this()](const error_code& error) {
    if (!error) self->end();
  });
  target_.async_connect({to_asio(target.address), target.port}, [self = shared_from_this()](const error_code& error) {
    self->timer_.cancel();
    if (error) return self->end();
    self->connected();
  });
}

void TcpConnection::connected() {
  error_code ignored;
  client_.set_option(asio::ip::tcp::no_delay(true), ignored);
  target_.set_option(asio::ip::tcp::no_delay(true), ignored);
  for (Direction* direction : {&upload_, &download_}) {
    if (!open_pipe(direction->read_end, direction->write_end)) return end();
  }
  move(upload_);
  move(download_);
}

void TcpConnection::move(Direction& direction) {
  for (int i = 0; i < kRounds; ++i) {
    if (direction.done || !client_.is_open()) return;
    if (!(direction.buffered == 0 ? fill(direction) : drain(direction))) return;
  }
  asio::post(client_.get_executor(), [self = shared_from_this(), &direction] { self->move(direction); });
}

bool TcpConnection::fill(Direction& direction) {
  const auto size =
      ::splice(direction.from.native_handle(), nullptr, direction.write_end.get(), nullptr, kPipeSize, kSpliceFlags);
  if (size > 0) {
    direction.buffered = static_cast<std::size_t>(size);
    return true;
  }
  if (size == 0) {
    finish(direction);
  } else if (errno == EAGAIN) {
    wait(direction, direction.from, Socket::wait_read);
  } else if (errno == EINTR) {
    return true;
  } else {
    end();
  }
  return false;
}

bool TcpConnection::drain(Direction& direction) {
  const auto size = ::splice(direction.read_end.get(), nullptr, direction.to.native_handle(), nullptr,
                             direction.buffered, kSpliceFlags);
  if (size > 0) {
    direction.buffered -= static_cast<std::size_t>(size);
    return true;
  }
  if (size < 0 && errno == EINTR) return true;
  if (size < 0 && errno == EAGAIN) {
    wait(direction, direction.to, Socket::wait_write);
  } else {
    end();
  }
  return false;
}

void TcpConnection::wait(Direction& direction, Socket& socket, Socket::wait_type what) {
  socket.async_wait(what, [self = shared_from_this(), &direction](const error_code& error) {
    if (!error) self->move(direction);
  });
}

void TcpConnection::finish(Direction& direction) {
  direction.done = true;
  error_code ignored;
  direction.to.shutdown(Socket::shutdown_send, ignored);
  if (upload_.done && download_.done) end();
}

void TcpConnection::close() {
  error_code ignored;
  client_.close(ignored);
  target_.close(ignored);
  timer_.cancel();
}

void TcpConnection::end() {
  close();
  if (const auto owner = owner_.lock()) owner->ended(shared_from_this());
}

}  // namespace davit::network
