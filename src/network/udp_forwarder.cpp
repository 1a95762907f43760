#include <sys/socket.h>

#include <cerrno>

#include "network/asio_address.hpp"
#include "network/forwarder_parts.hpp"

namespace davit::network {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxDatagram = 65536;
constexpr int kAtOnce = 64;

const sockaddr* socket_address(const std::string& bytes) {
  return reinterpret_cast<const sockaddr*>(bytes.data());
}

}  // namespace

UdpForwarder::UdpForwarder(asio::io_context& context, Fd socket, ForwardTarget target, ForwarderLimits limits)
    : context_(context),
      socket_(context, socket.release()),
      idle_(context),
      target_(target),
      limits_(limits),
      buffer_(kMaxDatagram) {}

void UdpForwarder::close() {
  error_code ignored;
  socket_.close(ignored);
  idle_.cancel();
  for (const auto& client : clients_) client->socket.close(ignored);
  clients_.clear();
  by_address_.clear();
}

void UdpForwarder::wait() {
  socket_.async_wait(asio::posix::stream_descriptor::wait_read, [self = shared_from_this()](const error_code& error) {
    if (error) return;
    for (int i = 0; i < kAtOnce && self->take_one(); ++i) {
    }
    self->wait();
  });
}

bool UdpForwarder::take_one() {
  sockaddr_storage peer{};
  socklen_t peer_size = sizeof peer;
  const auto size = ::recvfrom(socket_.native_handle(), buffer_.data(), buffer_.size(), 0,
                               reinterpret_cast<sockaddr*>(&peer), &peer_size);
  if (size < 0) return errno == EINTR || errno == ECONNREFUSED;
  pass_on({reinterpret_cast<const char*>(&peer), peer_size}, static_cast<std::size_t>(size));
  return true;
}

void UdpForwarder::pass_on(const std::string& address, std::size_t size) {
  const auto client = client_of(address);
  if (!client) return;
  // What the target does not take is a lost packet, as on any network.
  (void)::send(client->socket.native_handle(), buffer_.data(), size, MSG_NOSIGNAL);
}

std::shared_ptr<UdpForwarder::Client> UdpForwarder::client_of(const std::string& address) {
  const auto found = by_address_.find(address);
  if (found == by_address_.end()) return add_client(address);
  clients_.splice(clients_.end(), clients_, found->second);
  clients_.back()->last = Clock::now();
  return clients_.back();
}

std::shared_ptr<UdpForwarder::Client> UdpForwarder::add_client(const std::string& address) {
  if (clients_.size() >= limits_.udp_clients) drop_oldest();
  const asio::ip::udp::endpoint target(to_asio(target_.address), target_.port);
  auto client = std::make_shared<Client>(Client{address, asio::ip::udp::socket(context_), Clock::now()});
  error_code error;
  client->socket.open(target.protocol(), error);
  if (!error) client->socket.connect(target, error);
  if (!error) client->socket.non_blocking(true, error);
  if (error) return nullptr;
  by_address_[address] = clients_.insert(clients_.end(), client);
  if (clients_.size() == 1) watch_idle();
  wait_for_answers(client);
  return client;
}

void UdpForwarder::wait_for_answers(const std::shared_ptr<Client>& client) {
  client->socket.async_wait(asio::ip::udp::socket::wait_read,
                            [self = shared_from_this(), client](const error_code& error) {
                              if (error) return;
                              for (int i = 0; i < kAtOnce && self->send_back(*client); ++i) {
                              }
                              if (client->socket.is_open()) self->wait_for_answers(client);
                            });
}

bool UdpForwarder::send_back(Client& client) {
  const auto size = ::recv(client.socket.native_handle(), buffer_.data(), buffer_.size(), 0);
  if (size < 0) return errno == EINTR || errno == ECONNREFUSED;
  (void)::sendto(socket_.native_handle(), buffer_.data(), static_cast<std::size_t>(size), MSG_NOSIGNAL,
                 socket_address(client.address), static_cast<socklen_t>(client.address.size()));
  (void)client_of(client.address);  // an answer keeps it alive too
  return true;
}

void UdpForwarder::drop_oldest() {
  const auto client = clients_.front();
  error_code ignored;
  client->socket.close(ignored);
  by_address_.erase(client->address);
  clients_.pop_front();
}

void UdpForwarder::watch_idle() {
  idle_.expires_at(clients_.front()->last + limits_.udp_idle);
  idle_.async_wait([self = shared_from_this()](const error_code& error) {
    if (error) return;
    while (!self->clients_.empty() && self->clients_.front()->last + self->limits_.udp_idle <= Clock::now()) {
      self->drop_oldest();
    }
    if (!self->clients_.empty()) self->watch_idle();
  });
}

}  // namespace davit::network
