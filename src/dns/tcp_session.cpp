#include "dns/tcp_session.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "dns/listener.hpp"
#include "dns/wire.hpp"

namespace davit::dns {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

}  // namespace

TcpSession::TcpSession(std::shared_ptr<Listener> listener, Fd fd)
    : listener_(listener), socket_(listener->core().context()), idle_(listener->core().context()) {
  socket_.assign(asio::ip::tcp::v4(), fd.release());
}

void TcpSession::close() {
  error_code ignored;
  socket_.close(ignored);
  idle_.cancel();
}

void TcpSession::end() {
  close();
  if (const auto listener = listener_.lock()) listener->session_ended(shared_from_this());
}

void TcpSession::read_size() {
  const auto listener = listener_.lock();
  if (!listener) return close();
  idle_.expires_after(listener->core().limits().tcp_idle);
  idle_.async_wait([self = shared_from_this()](const error_code& error) {
    if (!error) self->end();
  });
  question_.resize(2);
  asio::async_read(socket_, asio::buffer(question_), [self = shared_from_this()](const error_code& error, std::size_t) {
    if (error) return self->end();
    self->read_question();
  });
}

void TcpSession::read_question() {
  question_.resize(read16(question_, 0));
  asio::async_read(socket_, asio::buffer(question_), [self = shared_from_this()](const error_code& error, std::size_t) {
    if (error) return self->end();
    self->answer();
  });
}

void TcpSession::answer() {
  const auto listener = listener_.lock();
  if (!listener) return close();
  idle_.cancel();  // the upstream has its own time limit
  if (question_.size() < kHeaderSize) return end();
  const auto reply = [self = shared_from_this()](std::span<const std::uint8_t> message) { self->send(message); };
  const auto answered = listener->core().ask(question_, Transport::Tcp, listener->asker(), listener->upstreams(),
                                             listener->outstanding(), reply);
  if (answered == ServerCore::Answered::Never) end();  // an answer, say, where a question should be
}

void TcpSession::send(std::span<const std::uint8_t> message) {
  if (message.empty() || !socket_.is_open()) return end();
  answer_.resize(message.size() + 2);
  write16(answer_, 0, message.size());
  std::copy(message.begin(), message.end(), answer_.begin() + 2);
  asio::async_write(socket_, asio::buffer(answer_), [self = shared_from_this()](const error_code& error, std::size_t) {
    if (error) return self->end();
    self->read_size();
  });
}

}  // namespace davit::dns
