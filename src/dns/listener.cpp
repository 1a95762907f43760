#include "dns/listener.hpp"

#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/post.hpp>
#include <cerrno>

#include "davit/base/shortage.hpp"
#include "dns/tcp_session.hpp"

namespace davit::dns {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// One container that asks without a pause must not keep the others waiting.
constexpr int kAtOnce = 64;

}  // namespace

Listener::Listener(std::shared_ptr<ServerCore> core, ServerSockets sockets, Asker asker,
                   std::vector<Upstream> upstreams)
    : core_(std::move(core)),
      udp_(core_->context(), sockets.udp.release()),
      tcp_(core_->context(), sockets.tcp.release()),
      pause_(core_->context()),
      asker_(std::move(asker)),
      upstreams_(std::move(upstreams)) {}

void Listener::start() {
  wait_udp();
  wait_tcp();
}

void Listener::close() {
  error_code ignored;
  udp_.close(ignored);
  tcp_.close(ignored);
  pause_.cancel();
  for (const auto& session : std::exchange(sessions_, {})) session->close();
}

void Listener::session_ended(const std::shared_ptr<TcpSession>& session) {
  const bool full = sessions_.size() >= core_->limits().tcp_connections;
  if (sessions_.erase(session) > 0 && full && tcp_.is_open()) wait_tcp();
}

void Listener::wait_udp() {
  udp_.async_wait(asio::posix::stream_descriptor::wait_read, [self = shared_from_this()](const error_code& error) {
    if (!error) self->drain_udp();
  });
}

void Listener::drain_udp() {
  int served = 0;
  while (served < kAtOnce && serve_datagram()) ++served;
  if (!udp_.is_open()) return;
  const auto now = Wakefulness::Time::clock::now();
  if (served > 0) wakefulness_.answered(now);
  if (!wakefulness_.awake(now)) return wait_udp();
  // By way of the loop, which serves everybody else meanwhile; and programs that want this processor go first.
  if (served == 0) ::sched_yield();
  asio::post(core_->context(), [self = shared_from_this()] {
    if (self->udp_.is_open()) self->drain_udp();
  });
}

bool Listener::serve_datagram() {
  std::array<std::uint8_t, kMaxUdpSize> packet;
  sockaddr_in peer{};
  socklen_t peer_size = sizeof peer;
  const auto size =
      ::recvfrom(udp_.native_handle(), packet.data(), packet.size(), 0, reinterpret_cast<sockaddr*>(&peer), &peer_size);
  if (size < 0) return errno == EINTR || errno == ECONNREFUSED;  // the latter: an asker that went before its answer
  // Weak: an answer that comes after close() has nobody to go to.
  const auto reply = [self = weak_from_this(), peer](std::span<const std::uint8_t> message) {
    const auto listener = self.lock();
    if (!listener || !listener->udp_.is_open() || message.empty()) return;
    // A full socket buffer is a lost packet, as on any network; the asker asks again.
    (void)::sendto(listener->udp_.native_handle(), message.data(), message.size(), MSG_NOSIGNAL,
                   reinterpret_cast<const sockaddr*>(&peer), sizeof peer);
  };
  core_->ask(std::span(packet).first(static_cast<std::size_t>(size)), Transport::Udp, asker_, upstreams_, outstanding_,
             reply);
  return udp_.is_open();
}

void Listener::wait_tcp() {
  tcp_.async_wait(asio::posix::stream_descriptor::wait_read, [self = shared_from_this()](const error_code& error) {
    if (!error) self->accept_all();
  });
}

void Listener::pause_tcp() {
  pause_.expires_after(kShortagePause);
  pause_.async_wait([self = shared_from_this()](const error_code& error) {
    if (!error && self->tcp_.is_open()) self->wait_tcp();
  });
}

void Listener::accept_all() {
  while (sessions_.size() < core_->limits().tcp_connections) {
    Fd fd(::accept4(tcp_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!fd && errno == EAGAIN) return wait_tcp();
    if (!fd && (errno == ECONNABORTED || errno == EINTR)) continue;  // an asker that was gone before it was accepted
    if (!fd) return pause_tcp();  // a shortage, or a socket that does not work: the connection stays in the backlog
    auto session = std::make_shared<TcpSession>(shared_from_this(), std::move(fd));
    sessions_.insert(session);
    session->start();
  }
  // Full: the next one is accepted when one has ended.
}

}  // namespace davit::dns
