#include "dns/upstream_query.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "dns/wire.hpp"
#include "network/asio_address.hpp"

namespace davit::dns {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

/// Codes that say something about the server, not about the name: another server may know better.
bool is_refusal(std::span<const std::uint8_t> answer) {
  const auto code = static_cast<Rcode>(read16(answer, 2) & 15U);
  return code == Rcode::ServerFailure || code == Rcode::Refused || code == Rcode::NotImplemented;
}

}  // namespace

UpstreamQuery::UpstreamQuery(asio::io_context& context, std::span<const std::uint8_t> packet, Transport transport,
                             std::vector<Upstream> servers, std::chrono::milliseconds timeout)
    : transport_(transport),
      servers_(std::move(servers)),
      timeout_(timeout),
      framed_(packet.size() + 2),
      // A single server is asked twice: the packet may have been lost.
      max_tries_(servers_.empty() ? 0 : std::max<std::size_t>(servers_.size(), 2)),
      udp_(context),
      tcp_(context),
      timer_(context) {
  write16(framed_, 0, packet.size());
  std::copy(packet.begin(), packet.end(), framed_.begin() + 2);
}

void UpstreamQuery::start() {
  try_next();
}

void UpstreamQuery::cancel() {
  handler_ = nullptr;
  close();
}

void UpstreamQuery::close() {
  error_code ignored;
  udp_.close(ignored);
  tcp_.close(ignored);
  timer_.cancel();
}

void UpstreamQuery::finish(std::span<std::uint8_t> answer) {
  close();
  const Handler handler = std::exchange(handler_, nullptr);
  if (handler) handler(answer);
}

template <class Member>
auto UpstreamQuery::bound(Member member) {
  return [self = shared_from_this(), member, current = tries_](const error_code& error, std::size_t size = 0) {
    if (!self->handler_ || self->tries_ != current) return;
    if (error) {
      self->try_next();
    } else {
      ((*self).*member)(size);
    }
  };
}

void UpstreamQuery::try_next() {
  close();
  if (tries_ == max_tries_) return finish({});
  const Upstream server = servers_[tries_ % servers_.size()];
  ++tries_;
  timer_.expires_after(timeout_);
  timer_.async_wait([self = shared_from_this(), current = tries_](const error_code& error) {
    if (!error && self->handler_ && self->tries_ == current) self->try_next();
  });
  if (transport_ == Transport::Udp) return try_udp(server);
  try_tcp(server);
}

void UpstreamQuery::try_udp(const Upstream& server) {
  const asio::ip::udp::endpoint where(network::to_asio(server.address), server.port);
  error_code error;
  udp_.open(where.protocol(), error);
  if (!error) udp_.connect(where, error);
  if (!error) udp_.send(asio::buffer(framed_.data() + 2, framed_.size() - 2), 0, error);
  if (error) {
    // Not from here: a handler that runs at once would come before start() has returned.
    asio::post(udp_.get_executor(), [then = bound(&UpstreamQuery::take), error] { then(error); });
    return;
  }
  answer_.resize(kMaxUdpSize + 1);  // one more, to see that an answer was longer and must be cut
  receive_udp();
}

void UpstreamQuery::receive_udp() {
  udp_.async_receive(asio::buffer(answer_), bound(&UpstreamQuery::take));
}

void UpstreamQuery::take(std::size_t size) {
  const std::span<std::uint8_t> answer(answer_.data(), size);
  if (!answers(answer, packet())) {
    // A stray or forged packet: the right one may still come, until the time is over.
    return transport_ == Transport::Udp ? receive_udp() : try_next();
  }
  if (is_refusal(answer) && !last_try()) return try_next();
  finish(answer);
}

void UpstreamQuery::try_tcp(const Upstream& server) {
  const asio::ip::tcp::endpoint where(network::to_asio(server.address), server.port);
  auto write = [self = shared_from_this(), current = tries_](const error_code& error) {
    if (!self->handler_ || self->tries_ != current) return;
    if (error) return self->try_next();
    asio::async_write(self->tcp_, asio::buffer(self->framed_), [self, current](const error_code& failed, std::size_t) {
      if (!self->handler_ || self->tries_ != current) return;
      if (failed) return self->try_next();
      self->receive_tcp();
    });
  };
  tcp_.async_connect(where, std::move(write));
}

void UpstreamQuery::receive_tcp() {
  answer_.resize(2);
  auto read_body = [self = shared_from_this(), current = tries_](const error_code& error, std::size_t) {
    if (!self->handler_ || self->tries_ != current) return;
    if (error) return self->try_next();
    self->answer_.resize(read16(self->answer_, 0));
    asio::async_read(self->tcp_, asio::buffer(self->answer_), self->bound(&UpstreamQuery::take));
  };
  asio::async_read(tcp_, asio::buffer(answer_), std::move(read_body));
}

}  // namespace davit::dns
